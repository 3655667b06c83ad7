// Colours that can be read, an appearance that changes at once, and a desktop that says nothing.
#include "ui/look.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QIcon>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <cmath>
#include <set>

#include "ui/colours.h"
#include "ui/desktop_appearance.h"
#include "ui/tinted_icon.h"

namespace larder::ui {
namespace {

using Role = Look::Role;

// WCAG 2: relative luminance of sRGB, and the ratio of two.
double linear(double channel) {
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}
double luminance(const QColor& colour) {
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}
double contrast(const QColor& one, const QColor& other) {
    const double a = luminance(one);
    const double b = luminance(other);
    return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

constexpr double kText = 4.5;
constexpr double kGraphics = 3.0;  // lines of a chart, the ring around what has the focus

class LookContrast : public testing::TestWithParam<bool> {
protected:
    void expectReadable(const char* what, const QColor& text, const QColor& ground, double least = kText) const {
        EXPECT_GE(contrast(text, ground), least)
            << what << ": " << text.name().toStdString() << " on " << ground.name().toStdString();
    }
    QColor role(Role each) const { return roleColour(each, dark); }

    const bool dark = GetParam();
};
INSTANTIATE_TEST_SUITE_P(Both, LookContrast, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& dark) { return dark.param ? "Dark" : "Light"; });

TEST(ContrastTest, IsWcags) {
    EXPECT_NEAR(contrast(Qt::black, Qt::white), 21, 1e-9);
    EXPECT_NEAR(contrast(QColor(0x77, 0x77, 0x77), Qt::white), 4.48, 0.01);
}

TEST_P(LookContrast, TextOnEverySurface) {
    for (const Role ground : {Role::Window, Role::Card, Role::Hover, Role::CardBorder})
        expectReadable("text", role(Role::Text), role(ground));
    for (const Role ground : {Role::Window, Role::Card, Role::Hover})
        expectReadable("muted text", role(Role::MutedText), role(ground));
    expectReadable("accent as a link", role(Role::Accent), role(Role::Window));
    expectReadable("accent as a link", role(Role::Accent), role(Role::Card));
    expectReadable("selected icon", role(Role::Accent), role(Role::Hover), kGraphics);
    expectReadable("on accent", role(Role::OnAccent), role(Role::Accent));
}

TEST_P(LookContrast, TonesOnTheirOwnGroundOnCardsAndPages) {
    for (int i = 0; i < 5; ++i) {
        const Tone tone = static_cast<Tone>(i);
        SCOPED_TRACE(i);
        expectReadable("badge", toneColour(tone, dark), toneGround(tone, dark));
        expectReadable("banner text", role(Role::Text), toneGround(tone, dark));
        expectReadable("note", toneColour(tone, dark), role(Role::Card));
        expectReadable("note", toneColour(tone, dark), role(Role::Window));
        expectReadable("danger button under the mouse", toneColour(tone, dark), role(Role::Hover));
        expectReadable("bar", toneColour(tone, dark), role(Role::Grid), kGraphics);
    }
    expectReadable("bar", role(Role::Accent), role(Role::Grid), kGraphics);
}

TEST_P(LookContrast, ChartsAndTheirNames) {
    for (const Role line : {Role::Prefill, Role::Decode, Role::Ttft, Role::Cache, Role::Memory}) {
        SCOPED_TRACE(static_cast<int>(line));
        expectReadable("name of a line", role(line), role(Role::Card));
        expectReadable("line over the grid", role(line), role(Role::Grid), kGraphics);
    }
}

TEST_P(LookContrast, PaletteForWhatTheStyleSheetDoesNotReach) {
    const QPalette palette = lookPalette(dark);
    const auto pair = [&](QPalette::ColorRole text, QPalette::ColorRole ground) {
        expectReadable("palette", palette.color(text), palette.color(ground));
    };
    pair(QPalette::WindowText, QPalette::Window);
    pair(QPalette::Text, QPalette::Base);
    pair(QPalette::Text, QPalette::AlternateBase);
    pair(QPalette::PlaceholderText, QPalette::Base);
    pair(QPalette::ButtonText, QPalette::Button);
    pair(QPalette::ToolTipText, QPalette::ToolTipBase);
    pair(QPalette::HighlightedText, QPalette::Highlight);
    pair(QPalette::Link, QPalette::Base);
    pair(QPalette::Link, QPalette::Window);
    EXPECT_NE(palette.color(QPalette::Disabled, QPalette::Text), palette.color(QPalette::Active, QPalette::Text));
}

// Both colours of one rule, wherever it names both.
TEST_P(LookContrast, EveryRuleOfTheStyleSheet) {
    const QString sheet = lookStyleSheet(dark, 4);
    static const QRegularExpression rule(QStringLiteral("([^{}]+)\\{([^}]*)\\}"));
    static const QRegularExpression text(QStringLiteral("(?:^|[;\\s])color:\\s*(#[0-9a-f]{6})"));
    static const QRegularExpression ground(QStringLiteral("background:\\s*(#[0-9a-f]{6})"));
    int looked = 0;
    for (auto each = rule.globalMatch(sheet); each.hasNext();) {
        const auto found = each.next();
        const auto textColour = text.match(found.captured(2));
        const auto groundColour = ground.match(found.captured(2));
        if (found.captured(1).contains(QStringLiteral(":disabled")) || !textColour.hasMatch() ||
            !groundColour.hasMatch())
            continue;
        expectReadable(qPrintable(found.captured(1).trimmed()), QColor(textColour.captured(1)),
                       QColor(groundColour.captured(1)));
        ++looked;
    }
    EXPECT_GT(looked, 15);
    for (const char* state : {":hover", ":pressed"}) {  // these rules inherit the text's colour
        static const QRegularExpression fill(QStringLiteral("background:\\s*(#[0-9a-f]{6})"));
        const qsizetype at = sheet.indexOf(QStringLiteral("QPushButton[primary=\"true\"]") + QLatin1String(state));
        ASSERT_GE(at, 0);
        expectReadable(state, role(Role::OnAccent), QColor(fill.match(sheet, at).captured(1)));
    }
}

// The box around a check mark, a field, a button: what says that there is something to work.
TEST_P(LookContrast, OutlinesOfControls) {
    const QString sheet = lookStyleSheet(dark, 4);
    static const QRegularExpression outline(QStringLiteral("border:\\s*1px solid (#[0-9a-f]{6})"));
    for (const char* control : {"QPushButton, QToolButton {", "QLineEdit, QPlainTextEdit", "QComboBox {",
                                "QSpinBox, QDoubleSpinBox {", "QCheckBox::indicator {", "QRadioButton::indicator {"}) {
        const qsizetype at = sheet.indexOf(QLatin1String(control));
        ASSERT_GE(at, 0) << control;
        const QColor colour(outline.match(sheet, at).captured(1));
        expectReadable(control, colour, role(Role::Card), kGraphics);
        expectReadable(control, colour, role(Role::Window), kGraphics);
    }
}

TEST_P(LookContrast, TheStyleSheetHasNoLeftOverMarksAndGrowsWithTheFont) {
    const QString sheet = lookStyleSheet(dark, 4);
    EXPECT_FALSE(sheet.contains(QLatin1Char('@')));
    EXPECT_FALSE(sheet.contains(QLatin1Char('$')));
    EXPECT_NE(sheet, lookStyleSheet(dark, 8));
    EXPECT_NE(sheet, lookStyleSheet(!dark, 4));
}

class LookTest : public testing::Test {
protected:
    LookTest() { look.setAppearance(QStringLiteral("light")); }
    ~LookTest() override {
        QApplication::setFont(font);
        look.setAppearance(QStringLiteral("light"));
    }
    const QFont font = QApplication::font();
    Look& look = Look::install(*qApp, QStringLiteral("light"));
};

TEST_F(LookTest, ChangingTheAppearanceIsToldOnceAndReachesThePalette) {
    QSignalSpy changed(&look, &Look::changed);
    look.setAppearance(QStringLiteral("light"));
    EXPECT_EQ(changed.size(), 0) << "it was light";
    look.setAppearance(QStringLiteral("dark"));
    EXPECT_EQ(changed.size(), 1);
    EXPECT_TRUE(look.isDark());
    EXPECT_EQ(look.color(Role::Card), roleColour(Role::Card, true));
    EXPECT_EQ(QApplication::palette().color(QPalette::Window), roleColour(Role::Window, true));
    look.setAppearance(QStringLiteral("light"));
    EXPECT_EQ(changed.size(), 2);
    EXPECT_FALSE(look.isDark());
    EXPECT_EQ(QApplication::palette().color(QPalette::Window), roleColour(Role::Window, false));
}

TEST_F(LookTest, AnUnknownAppearanceIsTheDesktops) {
    look.setAppearance(QStringLiteral("system"));
    const bool desktop = look.isDark();
    look.setAppearance(QStringLiteral("sepia"));
    EXPECT_EQ(look.isDark(), desktop);
}

TEST_F(LookTest, DistancesAndTypeFollowTheDesktopsFont) {
    const int before = look.space(6);
    const double title = look.titleFont().pointSizeF();
    QSignalSpy changed(&look, &Look::changed);
    QFont twice = font;
    twice.setPointSizeF(font.pointSizeF() * 2);
    QApplication::setFont(twice);
    EXPECT_NEAR(look.space(6), 2 * before, 2);
    EXPECT_NEAR(look.titleFont().pointSizeF(), 2 * title, 0.1);
    EXPECT_GE(changed.size(), 1);
    EXPECT_EQ(look.space(0), 0);
    EXPECT_GE(look.space(1), 1);
}

TEST_F(LookTest, IconsTakeTheColourOfTheMoment) {
    const QIcon icon = look.icon(QStringLiteral("models"));
    ASSERT_FALSE(icon.isNull());
    const auto drawn = [&] { return icon.pixmap(32, 32).toImage(); };
    const auto has = [](const QImage& image, const QColor& colour) {
        for (int y = 0; y < image.height(); ++y)
            for (int x = 0; x < image.width(); ++x)
                if (qAlpha(image.pixel(x, y)) == 255 && QColor::fromRgb(image.pixel(x, y)) == colour) return true;
        return false;
    };
    EXPECT_TRUE(has(drawn(), look.color(Role::Text)));
    look.setAppearance(QStringLiteral("dark"));
    EXPECT_TRUE(has(drawn(), look.color(Role::Text))) << "the same icon object";
    EXPECT_TRUE(look.icon(QStringLiteral("there is no such icon")).pixmap(16, 16).toImage().size().width() <= 16);
}

// Two states must differ without colour: as masks, at the smallest size a tray has.
TEST_F(LookTest, TrayIconsDifferByShapeAtSixteenPixels) {
    std::vector<QImage> masks;
    for (const char* state : {"stopped", "starting", "serving", "generating", "warning"}) {
        const QIcon icon = pictureIcon(QStringLiteral(":/icons/tray-%1.svg").arg(QLatin1String(state)));
        ASSERT_FALSE(icon.isNull()) << state;
        masks.push_back(icon.pixmap(16, 16).toImage().convertToFormat(QImage::Format_Alpha8));
        ASSERT_EQ(masks.back().width(), 16);
    }
    for (std::size_t a = 0; a < masks.size(); ++a) {
        for (std::size_t b = a + 1; b < masks.size(); ++b) {
            double different = 0;  // pixels' worth
            for (int y = 0; y < 16; ++y)
                for (int x = 0; x < 16; ++x)
                    different += std::abs(qAlpha(masks[a].pixel(x, y)) - qAlpha(masks[b].pixel(x, y))) / 255.0;
            EXPECT_GE(different, 12) << a << " and " << b << " look alike";
        }
    }
}

TEST(DesktopAppearanceTest, WithoutAPortalThereIsNoAnswerAndNoWait) {
    const QByteArray before = qgetenv("DBUS_SESSION_BUS_ADDRESS");
    const bool wasSet = qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS");
    for (const bool address : {false, true}) {
        if (address) {
            qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/larder-test-bus");
        } else {
            qunsetenv("DBUS_SESSION_BUS_ADDRESS");
        }
        DesktopAppearance desktop;
        QSignalSpy changed(&desktop, &DesktopAppearance::changed);
        bool later = false;
        QTimer::singleShot(0, [&] { later = true; });
        EXPECT_TRUE(QTest::qWaitFor([&] { return later; }, 20'000));
        QCoreApplication::processEvents();
        EXPECT_EQ(desktop.prefersDark(), std::nullopt);
        EXPECT_EQ(changed.size(), 0);
    }
    if (wasSet) {
        qputenv("DBUS_SESSION_BUS_ADDRESS", before);
    } else {
        qunsetenv("DBUS_SESSION_BUS_ADDRESS");
    }
}

TEST(DesktopAppearanceTest, TakesThePortalsNumbersHoweverWrapped) {
    DesktopAppearance desktop;
    QSignalSpy changed(&desktop, &DesktopAppearance::changed);
    const auto wrapped = [](uint number) {
        return QVariant::fromValue(QDBusVariant(QVariant::fromValue(QDBusVariant(QVariant(number)))));
    };
    desktop.takeColorScheme(wrapped(1));
    EXPECT_EQ(desktop.prefersDark(), std::optional(true));
    desktop.takeColorScheme(QVariant(1U));
    EXPECT_EQ(changed.size(), 1) << "nothing new";
    desktop.takeColorScheme(QVariant(2U));
    EXPECT_EQ(desktop.prefersDark(), std::optional(false));
    desktop.takeColorScheme(QVariant(QStringLiteral("dark")));
    EXPECT_EQ(desktop.prefersDark(), std::optional(false)) << "not a number";
    desktop.takeColorScheme(QVariant(0U));
    EXPECT_EQ(desktop.prefersDark(), std::nullopt);
    desktop.takeColorScheme(QVariant(77U));
    EXPECT_EQ(desktop.prefersDark(), std::nullopt);
    EXPECT_EQ(changed.size(), 3);
}

}  // namespace
}  // namespace larder::ui
