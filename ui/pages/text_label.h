// A label in one of the Look's text styles that follows light and dark. Always plain text: names and sentences from outside
// must not be taken for markup. GUI thread only.
#pragma once

#include <QLabel>

#include "ui/look.h"

namespace larder::ui {

class TextLabel : public QLabel {
    Q_OBJECT

public:
    enum class Style { Title, Heading, Body, Muted, Small };

    explicit TextLabel(Style style, const QString& text = {}, QWidget* parent = nullptr);

    // Wraps over lines; long paths and names get places where they may break.
    void setSentence(const QString& sentence);
    // One line that ends in an ellipsis where there is no room; the tooltip has all of it.
    void setElided(const QString& text);
    void setTone(Tone tone);

    QSize minimumSizeHint() const override;
    QSize sizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void restyle();
    void elide();

    Style m_style;
    Tone m_tone = Tone::Neutral;
    QString m_full;          // of an elided one
    bool m_elided = false;
};

// For tooltips and message texts, which Qt would take for markup when they look like it.
QString plainToolTip(const QString& text);

}  // namespace larder::ui
