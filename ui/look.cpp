#include "ui/look.h"

#include <QApplication>
#include <QEvent>
#include <QFontInfo>
#include <QPalette>
#include <QStyleFactory>
#include <QToolTip>

#include "ui/colours.h"
#include "ui/desktop_appearance.h"
#include "ui/tinted_icon.h"

namespace larder::ui {

namespace {

Look* s_look = nullptr;

double fontPixels() { return QFontInfo(QApplication::font()).pixelSize(); }
constexpr double kTenPointPixels = 13.333;  // of a 96 dpi screen

QFont scaledFont(double factor, QFont::Weight weight) {
    QFont font = QApplication::font();
    if (font.pointSizeF() > 0) {
        font.setPointSizeF(font.pointSizeF() * factor);
    } else {
        font.setPixelSize(qRound(font.pixelSize() * factor));
    }
    font.setWeight(weight);
    return font;
}

}  // namespace

struct Look::Inner : QObject {
    Inner(Look& owner, QApplication& app) : look(owner), application(app) {
        QObject::connect(&desktop, &DesktopAppearance::changed, this, [this] { apply(); });
        application.installEventFilter(this);
    }

    bool wantsDark() const {
        if (appearance == QLatin1String("dark")) return true;
        if (appearance == QLatin1String("light")) return false;
        return desktop.prefersDark().value_or(desktopIsDark);
    }

    void apply() {
        const bool nowDark = wantsDark();
        const double nowStep = 4 * fontPixels() / kTenPointPixels;
        if (applied && nowDark == dark && qFuzzyCompare(nowStep, step)) return;
        dark = nowDark;
        step = nowStep;
        applied = true;
        applying = true;
        const QPalette palette = lookPalette(dark);
        QApplication::setPalette(palette);
        QToolTip::setPalette(palette);
        application.setStyleSheet(lookStyleSheet(dark, step));
        applying = false;
        Q_EMIT look.changed();
    }

    bool eventFilter(QObject* watched, QEvent* event) override {
        if (watched == &application && event->type() == QEvent::ApplicationFontChange && applied && !applying) apply();
        return false;
    }

    Look& look;
    QApplication& application;
    DesktopAppearance desktop;
    QString appearance;
    double step = 4;
    bool desktopIsDark = false;
    bool dark = false;
    bool applied = false;
    bool applying = false;
};

Look::Look(QApplication& application) : QObject(&application), m_inner(std::make_unique<Inner>(*this, application)) {
    registerIcons();
    m_inner->desktopIsDark = QApplication::palette().color(QPalette::Window).lightness() < 128;
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
}

Look::~Look() { s_look = nullptr; }

Look& Look::install(QApplication& application, const QString& appearance) {
    if (!s_look) s_look = new Look(application);  // the application's child
    s_look->setAppearance(appearance);
    return *s_look;
}

Look& Look::instance() {
    if (!s_look) install(*qApp, QStringLiteral("system"));
    return *s_look;
}

void Look::setAppearance(const QString& appearance) {
    m_inner->appearance = appearance;
    m_inner->apply();
}

bool Look::isDark() const { return m_inner->dark; }

QColor Look::color(Role role) const { return roleColour(role, isDark()); }
QColor Look::color(Tone tone) const { return toneColour(tone, isDark()); }
QColor Look::background(Tone tone) const { return toneGround(tone, isDark()); }

QFont Look::titleFont() const { return scaledFont(1.6, QFont::DemiBold); }
QFont Look::headingFont() const { return scaledFont(1.1, QFont::DemiBold); }
QFont Look::figureFont() const { return scaledFont(1.7, QFont::DemiBold); }
QFont Look::smallFont() const { return scaledFont(0.9, QFont::Normal); }

int Look::space(int steps) const { return steps == 0 ? 0 : qMax(1, qRound(m_inner->step * steps)); }

QIcon Look::icon(const QString& name) const {
    return tintedIcon(QStringLiteral(":/icons/%1.svg").arg(name), [](QIcon::Mode mode) {
        const Look& look = Look::instance();
        if (mode == QIcon::Disabled) return look.color(Role::CardBorder);
        return mode == QIcon::Selected ? look.color(Role::Accent) : look.color(Role::Text);
    });
}

}  // namespace larder::ui
