#include "ui/widgets/stacked_meter.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>
#include <utility>

namespace larder::ui {

namespace {

int swatchSide() { return Look::instance().space(2); }
int swatchGap() { return Look::instance().space(1); }
int wordsGap() { return Look::instance().space(4); }

}  // namespace

StackedMeter::StackedMeter(QWidget* parent) : QWidget(parent) {
    setFont(Look::instance().smallFont());
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Look::instance(), &Look::changed, this, qOverload<>(&QWidget::update));
}

void StackedMeter::set(std::vector<Part> parts, const QString& limit, const QString& sentence) {
    for (Part& part : parts) part.share = std::isfinite(part.share) ? std::clamp(part.share, 0.0, 1.0) : 0;
    if (parts == m_parts && limit == m_limit && sentence == m_sentence) return;
    if (sentence != m_sentence) setAccessibleDescription(sentence);
    m_parts = std::move(parts);
    m_limit = limit;
    m_sentence = sentence;
    update();
}

void StackedMeter::setLegendOnly() {
    m_legendOnly = true;
    updateGeometry();
    update();
}

void StackedMeter::paintEvent(QPaintEvent*) {
    const Look& look = Look::instance();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const int barHeight = look.space(2);
    const QRect place(0, 0, width(), m_legendOnly ? height() : height() - barHeight - look.space(1));
    painter.setPen(look.color(Look::Role::MutedText));
    if (wordsWidth() <= width()) {
        paintWords(painter, place);
    } else {
        const int side = isRightToLeft() ? Qt::AlignRight : Qt::AlignLeft;
        painter.drawText(place, Qt::AlignVCenter | side, fontMetrics().elidedText(m_sentence, Qt::ElideRight, width()));
    }
    if (!m_legendOnly) paintBar(painter, QRectF(0, height() - barHeight, width(), barHeight));
}

int StackedMeter::wordsWidth() const {
    int width = fontMetrics().horizontalAdvance(m_limit);
    for (const Part& part : m_parts) width += swatchSide() + swatchGap() + fontMetrics().horizontalAdvance(part.words) + wordsGap();
    return width;
}

// The words in the order of the bar, each behind a square of its colour.
void StackedMeter::paintWords(QPainter& painter, const QRect& place) const {
    const Look& look = Look::instance();
    int at = 0;
    const auto next = [&](int width) {  // a box of this width, from the side where reading begins
        const int left = isRightToLeft() ? place.right() + 1 - at - width : place.left() + at;
        at += width;
        return QRect(left, place.top(), width, place.height());
    };
    for (const Part& part : m_parts) {
        const QRect swatch = next(swatchSide());
        const int top = swatch.center().y() - swatchSide() / 2 + 1;
        QPainterPath square;
        square.addRoundedRect(QRectF(swatch.left(), top, swatchSide(), swatchSide()), 2, 2);
        painter.fillPath(square, look.color(part.colour));
        next(swatchGap());
        painter.drawText(next(fontMetrics().horizontalAdvance(part.words)), Qt::AlignCenter | Qt::TextDontClip, part.words);
        next(wordsGap());
    }
    painter.drawText(next(fontMetrics().horizontalAdvance(m_limit)), Qt::AlignCenter | Qt::TextDontClip, m_limit);
}

// A hair of the track between two parts: they differ by more than their colour.
void StackedMeter::paintBar(QPainter& painter, const QRectF& bar) const {
    const Look& look = Look::instance();
    QPainterPath track;
    track.addRoundedRect(bar, bar.height() / 2, bar.height() / 2);
    painter.fillPath(track, look.color(Look::Role::Grid));
    painter.setClipPath(track);
    const double gap = 1;
    double at = 0;
    for (const Part& part : m_parts) {
        const double begin = at > 0 ? at + gap : 0;
        const double end = std::min(bar.width(), at + part.share * bar.width());
        if (end > begin) {
            const double left = isRightToLeft() ? bar.right() - end : bar.left() + begin;
            painter.fillRect(QRectF(left, bar.top(), end - begin, bar.height()), look.color(part.colour));
        }
        at = end;
    }
}

QSize StackedMeter::sizeHint() const {
    const Look& look = Look::instance();
    return {look.space(60), (m_legendOnly ? 0 : look.space(3)) + fontMetrics().height()};
}

QSize StackedMeter::minimumSizeHint() const { return {Look::instance().space(15), sizeHint().height()}; }

}  // namespace larder::ui
