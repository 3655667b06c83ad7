#include "ui/pages/text_label.h"

#include <QFontMetrics>
#include <QResizeEvent>
#include <QTextDocument>
#include <algorithm>

namespace larder::ui {

namespace {

// Lets a run of more than 20 characters without a space break after punctuation, or anywhere if it has none.
QString breakable(const QString& text) {
    constexpr QChar kZeroWidthSpace(0x200b);
    QString result;
    result.reserve(text.size() + text.size() / 8);
    int run = 0;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar c = text[i];
        result += c;
        if (c.isSpace()) {
            run = 0;
            continue;
        }
        ++run;
        const bool goesOn = i + 1 < text.size() && !text[i + 1].isSpace() && !text[i + 1].isLowSurrogate();
        if (goesOn && ((run >= 20 && c.isPunct()) || run >= 40)) {
            result += kZeroWidthSpace;
            run = 0;
        }
    }
    return result;
}

}  // namespace

TextLabel::TextLabel(Style style, const QString& text, QWidget* parent) : QLabel(parent), m_style(style) {
    setTextFormat(Qt::PlainText);
    setText(text);
    restyle();
    connect(&Look::instance(), &Look::changed, this, &TextLabel::restyle);
}

void TextLabel::setSentence(const QString& sentence) {
    setWordWrap(true);
    setText(breakable(sentence));
}

void TextLabel::setElided(const QString& text) {
    if (m_elided && text == m_full) return;
    m_elided = true;
    m_full = text;
    setAccessibleName(text);
    elide();
    updateGeometry();
}

void TextLabel::setTone(Tone tone) {
    if (tone == m_tone) return;
    m_tone = tone;
    restyle();
}

QSize TextLabel::minimumSizeHint() const {
    if (!m_elided) return QLabel::minimumSizeHint();
    return {fontMetrics().averageCharWidth() * 8, fontMetrics().height()};
}

QSize TextLabel::sizeHint() const {
    if (!m_elided) return QLabel::sizeHint();
    return {fontMetrics().horizontalAdvance(m_full) + 2, fontMetrics().height()};
}

void TextLabel::resizeEvent(QResizeEvent* event) {
    QLabel::resizeEvent(event);
    if (m_elided) elide();
}

void TextLabel::elide() {
    const QString shown = fontMetrics().elidedText(m_full, Qt::ElideMiddle, std::max(width(), 1));
    setToolTip(shown == m_full ? QString() : plainToolTip(m_full));
    if (shown != text()) setText(shown);
}

void TextLabel::restyle() {
    const Look& look = Look::instance();
    switch (m_style) {
        case Style::Title: setFont(look.titleFont()); break;
        case Style::Heading: setFont(look.headingFont()); break;
        case Style::Small: setFont(look.smallFont()); break;
        case Style::Body:
        case Style::Muted: break;
    }
    const bool muted = m_style == Style::Muted || m_style == Style::Small;
    QPalette colours = palette();
    colours.setColor(QPalette::WindowText, m_tone != Tone::Neutral ? look.color(m_tone)
                                           : look.color(muted ? Look::Role::MutedText : Look::Role::Text));
    setPalette(colours);
}

QString plainToolTip(const QString& text) { return Qt::mightBeRichText(text) ? text.toHtmlEscaped() : text; }

}  // namespace larder::ui
