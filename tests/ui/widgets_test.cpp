// The small pieces every page is made of.
#include <gtest/gtest.h>

#include <QApplication>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <QVBoxLayout>
#include <cmath>
#include <limits>

#include "ui/look.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/figure.h"
#include "ui/widgets/meter.h"
#include "ui/widgets/stacked_meter.h"

namespace larder::ui {
namespace {

class WidgetsTest : public testing::Test {
protected:
    WidgetsTest() {
        Look::install(*qApp, QStringLiteral("light"));
        window.resize(400, 200);
    }
    // What a colour was painted with, counted.
    static int pixelsOf(const QImage& image, const QColor& colour) {
        int found = 0;
        for (int y = 0; y < image.height(); ++y)
            for (int x = 0; x < image.width(); ++x)
                if (QColor::fromRgb(image.pixel(x, y)) == colour) ++found;
        return found;
    }
    static int heightOf(const QWidget& widget) { return widget.sizeHint().height(); }
    QImage grabbed(QWidget& widget) const { return widget.grab().toImage(); }

    QWidget window;
};

TEST_F(WidgetsTest, ABadgeIsThereOnlyWithAWord) {
    Badge badge(&window);
    window.show();
    EXPECT_FALSE(badge.isVisible());
    badge.set(QStringLiteral("loaded"), Tone::Good);
    EXPECT_TRUE(badge.isVisible());
    EXPECT_EQ(badge.text(), QStringLiteral("loaded"));
    badge.set(QString(), Tone::Good);
    EXPECT_FALSE(badge.isVisible());
}

TEST_F(WidgetsTest, ABadgeTakesTheGroundOfItsTone) {
    Badge badge(&window);
    window.show();
    for (const Tone tone : {Tone::Good, Tone::Neutral, Tone::Bad, Tone::Warning, Tone::Busy}) {
        badge.set(QStringLiteral("word"), tone);
        badge.adjustSize();
        EXPECT_GT(pixelsOf(grabbed(badge), Look::instance().background(tone)), 50) << static_cast<int>(tone);
    }
    Look::instance().setAppearance(QStringLiteral("dark"));
    EXPECT_GT(pixelsOf(grabbed(badge), Look::instance().background(Tone::Busy)), 50) << "follows the appearance";
    Look::instance().setAppearance(QStringLiteral("light"));
}

TEST_F(WidgetsTest, ABadgeShowsMarkupAsText) {
    Badge badge(&window);
    badge.set(QStringLiteral("<b>bold</b>"), Tone::Neutral);
    EXPECT_EQ(badge.textFormat(), Qt::PlainText);
}

TEST_F(WidgetsTest, NothingOfTheirsOpensAWindowOfItsOwn) {
    auto* badge = new Badge;
    badge->set(QStringLiteral("loaded"), Tone::Good);
    EXPECT_FALSE(badge->isVisible()) << "a badge is filled before it has its place";
    auto* banner = new Banner;
    banner->show(QStringLiteral("Something happened."), Tone::Bad);
    EXPECT_FALSE(banner->isVisible());
    auto* late = new Badge;
    late->set(QStringLiteral("late"), Tone::Good);
    auto* column = new QVBoxLayout(&window);
    column->addWidget(badge);
    column->addWidget(banner);
    window.show();
    EXPECT_TRUE(badge->isVisible());
    EXPECT_TRUE(banner->isVisible());
    column->addWidget(late);
    EXPECT_TRUE(QTest::qWaitFor([&] { return late->isVisible(); }, 20'000));
    auto* empty = new Badge;
    empty->set(QStringLiteral("word"), Tone::Good);
    empty->set(QString(), Tone::Good);
    column->addWidget(empty);
    QCoreApplication::processEvents();
    EXPECT_FALSE(empty->isVisible());
}

TEST_F(WidgetsTest, ABannerIsThereOnlyWithASentenceAndAButtonOnlyWithAnAction) {
    Banner banner(&window);
    window.show();
    auto* action = banner.findChild<QPushButton*>();
    QSignalSpy clicked(&banner, &Banner::actionClicked);
    EXPECT_FALSE(banner.isVisible());
    banner.show(QStringLiteral("The port is taken."), Tone::Bad, QStringLiteral("Try again"));
    EXPECT_TRUE(banner.isVisible());
    EXPECT_EQ(banner.accessibleName(), QStringLiteral("The port is taken."));
    ASSERT_TRUE(action->isVisible());
    action->setFocus();
    QTest::keyClick(action, Qt::Key_Space);
    EXPECT_EQ(clicked.size(), 1);
    banner.show(QStringLiteral("Done."), Tone::Good);
    EXPECT_TRUE(banner.isVisible());
    EXPECT_FALSE(action->isVisible());
    banner.clear();
    EXPECT_FALSE(banner.isVisible());
}

TEST_F(WidgetsTest, ALongBannerGrowsDownwards) {
    Banner banner(&window);
    banner.show(QStringLiteral("Short."), Tone::Neutral, QStringLiteral("Act"));
    const int low = banner.heightForWidth(300);
    banner.show(
        QStringLiteral("A sentence that goes on and on and needs more than one line of this window, and then another. ")
            .repeated(3),
        Tone::Neutral, QStringLiteral("Act"));
    EXPECT_GT(banner.heightForWidth(300), low);
    EXPECT_LE(banner.minimumSizeHint().width(), 300);
}

TEST_F(WidgetsTest, ACardHasATitleOrNoRoomForOne) {
    Card titled(QStringLiteral("Server"), &window);
    EXPECT_EQ(titled.accessibleName(), QStringLiteral("Server"));
    Card plain(QString(), &window);
    EXPECT_LT(plain.sizeHint().height(), titled.sizeHint().height());
    plain.body()->addWidget(new QLabel(QStringLiteral("child")));
    EXPECT_EQ(plain.findChildren<QLabel*>().last()->parentWidget(), &plain);
    plain.setTitle(QStringLiteral("Now"));
    EXPECT_EQ(plain.accessibleName(), QStringLiteral("Now"));
}

TEST_F(WidgetsTest, AFigureKeepsItsWidthWhileTheDigitsChange) {
    Figure figure(QStringLiteral("Prefill"), &window);
    EXPECT_EQ(figure.accessibleName(), QStringLiteral("Prefill"));
    figure.setValue(QStringLiteral("943 tokens/s"));
    EXPECT_EQ(figure.accessibleDescription(), QStringLiteral("943 tokens/s"));
    const int width = figure.minimumSizeHint().width();
    figure.setValue(QStringLiteral("111 tokens/s"));
    EXPECT_EQ(figure.minimumSizeHint().width(), width);
    figure.setValue(QStringLiteral("-"));
    EXPECT_EQ(figure.minimumSizeHint().width(), width);
    figure.setValue(QStringLiteral("12,345 tokens/s"));
    EXPECT_GT(figure.minimumSizeHint().width(), width);
}

TEST_F(WidgetsTest, AMeterIsAsFullAsItsShare) {
    Meter meter(&window);
    meter.resize(200, heightOf(meter));
    const QColor fill = Look::instance().color(Look::Role::Accent);
    const auto filled = [&](double share) {
        meter.set(share, QString());
        return pixelsOf(grabbed(meter), fill);
    };
    meter.set(1, QString());
    meter.resize(200, heightOf(meter));
    const int full = filled(1);
    ASSERT_GT(full, 200);
    EXPECT_EQ(filled(0), 0);
    EXPECT_NEAR(filled(0.5), full / 2.0, full * 0.05);
    EXPECT_EQ(filled(1.7), full);
}

TEST_F(WidgetsTest, AMeterWithoutAnEndShowsStripesThatStandStill) {
    Meter meter(&window);
    meter.resize(200, heightOf(meter));
    meter.set(0, QString());
    const QImage empty = grabbed(meter);
    meter.set(-1, QString());
    const QImage striped = grabbed(meter);
    EXPECT_NE(striped, empty);
    for (const double odd : {-5.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
        meter.set(odd, QString());
        EXPECT_EQ(grabbed(meter), striped);
    }
    EXPECT_TRUE(meter.findChildren<QTimer*>().isEmpty());
}

TEST_F(WidgetsTest, AMeterSaysItsFiguresAndElidesWhatDoesNotFit) {
    Meter meter(&window);
    const int bare = heightOf(meter);
    meter.set(0.5, QStringLiteral("2.3 GB of 4.7 GB"));
    EXPECT_EQ(meter.accessibleDescription(), QStringLiteral("2.3 GB of 4.7 GB"));
    EXPECT_GT(heightOf(meter), bare);
    meter.resize(400, heightOf(meter));
    (void)grabbed(meter);
    EXPECT_TRUE(meter.toolTip().isEmpty());
    meter.resize(40, heightOf(meter));
    (void)grabbed(meter);
    EXPECT_EQ(meter.toolTip(), QStringLiteral("2.3 GB of 4.7 GB")) << "the whole text stays within reach";
}

TEST_F(WidgetsTest, AMeterFillsFromTheRightWhereOneReadsFromThere) {
    Meter meter(&window);
    meter.setLayoutDirection(Qt::RightToLeft);
    meter.set(0.25, QString());
    meter.resize(200, heightOf(meter));
    const QImage image = grabbed(meter);
    const int middle = image.height() - Look::instance().space(1);
    EXPECT_EQ(QColor::fromRgb(image.pixel(180, middle)), Look::instance().color(Look::Role::Accent));
    EXPECT_EQ(QColor::fromRgb(image.pixel(20, middle)), Look::instance().color(Look::Role::Grid));
}

class StackedMeterTest : public WidgetsTest {
protected:
    StackedMeterTest() { meter.resize(400, heightOf(meter)); }
    void set(double used, double kept) {
        meter.set({{used, Look::Role::Decode, QStringLiteral("1.2 GB in use")}, {kept, Look::Role::Cache, QStringLiteral("3.4 GB kept")}},
                  QStringLiteral("of 5.6 GB"), QStringLiteral("1.2 GB in use, 3.4 GB kept of 5.6 GB"));
    }
    // Of the bar alone, without the squares before the words.
    int barPixels(Look::Role role) {
        QImage image = grabbed(meter);
        image = image.copy(0, image.height() - Look::instance().space(2), image.width(), Look::instance().space(2));
        return pixelsOf(image, Look::instance().color(role));
    }
    QColor at(int x) {
        const QImage image = grabbed(meter);
        return QColor::fromRgb(image.pixel(x, image.height() - Look::instance().space(1)));
    }

    StackedMeter meter{&window};
};

TEST_F(StackedMeterTest, EachPartHasItsShareInItsColour) {
    set(1, 0);
    const int full = barPixels(Look::Role::Decode);
    ASSERT_GT(full, 400);
    EXPECT_EQ(barPixels(Look::Role::Cache), 0);
    set(0.25, 0.5);
    EXPECT_NEAR(barPixels(Look::Role::Decode), full * 0.25, full * 0.03);
    EXPECT_NEAR(barPixels(Look::Role::Cache), full * 0.5, full * 0.03);
    EXPECT_EQ(at(50), Look::instance().color(Look::Role::Decode));
    EXPECT_EQ(at(200), Look::instance().color(Look::Role::Cache));
    EXPECT_EQ(at(350), Look::instance().color(Look::Role::Grid));
    set(0.9, 0.9);
    EXPECT_NEAR(barPixels(Look::Role::Cache), full * 0.1, full * 0.03) << "no more than there is room for";
    set(std::nan(""), -1);
    EXPECT_EQ(barPixels(Look::Role::Decode) + barPixels(Look::Role::Cache), 0);
}

TEST_F(StackedMeterTest, FillsFromTheRightWhereOneReadsFromThere) {
    meter.setLayoutDirection(Qt::RightToLeft);
    set(0.25, 0.25);
    EXPECT_EQ(at(350), Look::instance().color(Look::Role::Decode));
    EXPECT_EQ(at(250), Look::instance().color(Look::Role::Cache));
    EXPECT_EQ(at(50), Look::instance().color(Look::Role::Grid));
}

TEST_F(StackedMeterTest, TheWordsCarryTheirColoursWhereThereIsRoom) {
    set(0, 0);
    const auto squares = [&] {
        const QImage image = grabbed(meter);
        return std::pair{pixelsOf(image, Look::instance().color(Look::Role::Decode)), pixelsOf(image, Look::instance().color(Look::Role::Cache))};
    };
    EXPECT_GT(squares().first, 20);
    EXPECT_GT(squares().second, 20);
    EXPECT_EQ(meter.accessibleDescription(), QStringLiteral("1.2 GB in use, 3.4 GB kept of 5.6 GB"));
    meter.resize(120, heightOf(meter));
    EXPECT_EQ(squares().first + squares().second, 0) << "the sentence alone, shortened";
}

}  // namespace
}  // namespace larder::ui
