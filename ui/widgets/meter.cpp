#include "ui/widgets/meter.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

namespace larder::ui {

Meter::Meter(QWidget* parent) : QWidget(parent) {
    setFont(Look::instance().smallFont());
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Look::instance(), &Look::changed, this, qOverload<>(&QWidget::update));
}

void Meter::set(double share, const QString& text, Tone tone) {
    share = std::isfinite(share) ? std::min(share, 1.0) : -1;
    if (share == m_share && text == m_text && tone == m_tone) return;
    if (text != m_text) {
        setAccessibleDescription(text);
        if (text.isEmpty() != m_text.isEmpty()) updateGeometry();
    }
    m_share = share;
    m_text = text;
    m_tone = tone;
    update();
}

// The text over the bar, so that bars of one column line up whatever their figures say.
void Meter::paintEvent(QPaintEvent*) {
    const Look& look = Look::instance();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const int barHeight = look.space(2);
    const QRectF bar(0, height() - barHeight, width(), barHeight);
    if (!m_text.isEmpty()) {
        const QRect textRect(0, 0, width(), height() - barHeight - look.space(1));
        const QString shown = fontMetrics().elidedText(m_text, Qt::ElideRight, textRect.width());
        setToolTip(shown == m_text ? QString() : m_text);
        painter.setPen(look.color(isEnabled() ? Look::Role::MutedText : Look::Role::CardBorder));
        painter.drawText(textRect, Qt::AlignVCenter | (isRightToLeft() ? Qt::AlignRight : Qt::AlignLeft), shown);
    }
    QPainterPath track;
    track.addRoundedRect(bar, barHeight / 2.0, barHeight / 2.0);
    painter.fillPath(track, look.color(Look::Role::Grid));
    painter.setClipPath(track);
    const QColor fill = m_tone == Tone::Neutral ? look.color(Look::Role::Accent) : look.color(m_tone);
    if (m_share >= 0) {
        const double length = bar.width() * m_share;
        const double left = isRightToLeft() ? bar.right() - length : bar.left();
        painter.fillRect(QRectF(left, bar.top(), length, bar.height()), fill);
        return;
    }
    QColor faint = fill;  // the end is unknown: stripes that stand still
    faint.setAlphaF(0.45F);
    painter.setPen(QPen(faint, barHeight / 2.0));
    for (double x = -barHeight; x < bar.width() + barHeight; x += barHeight * 2.0)
        painter.drawLine(QPointF(x, bar.bottom() + 1), QPointF(x + barHeight, bar.top() - 1));
}

QSize Meter::sizeHint() const {
    const Look& look = Look::instance();
    const int text = m_text.isEmpty() ? 0 : fontMetrics().height() + look.space(1);
    return {look.space(40), look.space(2) + text};
}

QSize Meter::minimumSizeHint() const { return {Look::instance().space(15), sizeHint().height()}; }

}  // namespace larder::ui
