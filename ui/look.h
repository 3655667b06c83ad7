// The visual language, decided once: colours in light and dark, spacing, type sizes. Widgets and pages take every colour and
// distance from here, never literals, so that both appearances and all scales look alike. GUI thread only.
//
// Fusion style with our palette; quiet surfaces, one accent (a warm pantry amber), colour only where it means something. The
// type scale and all distances follow the desktop's font size, so text at 200 % moves everything with it.
//
// The style sheet knows these properties (setProperty before the widget is shown): QPushButton "primary", "danger"; QPushButton
// and QToolButton "flat"; QLabel "muted"; QLineEdit "wrong" - each with the value true.
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QObject>
#include <QString>
#include <memory>

class QApplication;

namespace larder::ui {

// What a badge, banner or dot says.
enum class Tone { Neutral, Good, Busy, Warning, Bad };

class Look : public QObject {
    Q_OBJECT

public:
    enum class Role { Window, Card, CardBorder, Text, MutedText, Accent, OnAccent, Hover, Prefill, Decode, Ttft, Cache, Memory, Grid };

    // One a process. appearance: "system", "light" or "dark"; "system" follows the desktop's portal setting (and its changes),
    // else the palette the desktop gave Qt.
    static Look& install(QApplication& application, const QString& appearance);
    static Look& instance();   // installs "system" where nobody did
    ~Look() override;

    void setAppearance(const QString& appearance);
    bool isDark() const;

    QColor color(Role role) const;
    QColor color(Tone tone) const;            // text or line in this tone, readable on Card (contrast at least 4.5)
    QColor background(Tone tone) const;       // a soft fill for badges and banners

    QFont titleFont() const;                  // a page's title
    QFont headingFont() const;                // a card's
    QFont figureFont() const;                 // a big number; digits of one width
    QFont smallFont() const;

    // A distance in device-independent pixels: steps of 4 px at a 10-pt font, growing with it. space(2) between related
    // things, space(4) between cards and as a card's margin, space(6) around a page.
    int space(int steps) const;

    // A line icon from resources/icons, tinted for the current appearance: icon("models").
    QIcon icon(const QString& name) const;

signals:
    void changed();                           // light <-> dark: painted widgets repaint, icons are taken again

private:
    explicit Look(QApplication& application);
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::ui
