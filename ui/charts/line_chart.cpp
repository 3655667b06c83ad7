#include "ui/charts/line_chart.h"

#include <QPaintEvent>
#include <QPainter>
#include <QList>
#include <algorithm>
#include <cassert>
#include <cmath>

namespace larder::ui {

namespace {
constexpr int kMostSteps = 4;
}  // namespace

LineChart::LineChart(const QString& name, Format format, QWidget* parent)
    : QWidget(parent), m_name(name), m_format(std::move(format)) {
    setAccessibleName(name);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    connect(&Look::instance(), &Look::changed, this, qOverload<>(&QWidget::update));
}

void LineChart::addSeries(const QString& name, Look::Role colour, Shape shape) {
    m_series.push_back({name, colour, shape, {}, {}});
}

void LineChart::setEmptyText(const QString& text) {
    if (text == m_emptyText) return;
    m_emptyText = text;
    describe();
    if (isEmpty()) update();
}

void LineChart::show(std::int64_t newest, int seconds, std::vector<std::vector<ChartPoint>> points,
                     const std::vector<QString>& latest) {
    assert(points.size() == m_series.size() && latest.size() == m_series.size() && seconds > 0);
    m_newest = newest;
    m_seconds = seconds;
    for (std::size_t i = 0; i < m_series.size(); ++i) {
        m_series[i].points = std::move(points[i]);
        m_series[i].latest = latest[i];
    }
    describe();
    update();
}

bool LineChart::isEmpty() const {
    return std::all_of(m_series.begin(), m_series.end(), [](const Series& series) { return series.points.empty(); });
}

Axis LineChart::axis() const {
    if (m_fixedTop > 0) return roundAxis(m_fixedTop, m_fixedTop, 2);
    double largest = 0;
    for (const Series& series : m_series) {
        for (const ChartPoint& point : series.points) largest = std::max(largest, point.value);
    }
    return roundAxis(largest, m_smallestTop, kMostSteps);
}

// What someone who cannot see the lines is told: the latest figures.
void LineChart::describe() {
    QStringList parts;
    if (!isEmpty()) {
        for (const Series& series : m_series) {
            if (!series.latest.isEmpty()) parts += tr("%1: %2").arg(series.name, series.latest);
        }
    }
    const QString text = parts.isEmpty() ? m_emptyText : parts.join(QStringLiteral(", "));
    if (text != accessibleDescription()) setAccessibleDescription(text);
}

QSize LineChart::sizeHint() const {
    const Look& look = Look::instance();
    return {look.space(72), look.space(44)};
}

QSize LineChart::minimumSizeHint() const {
    const Look& look = Look::instance();
    return {look.space(56), look.space(36)};
}

void LineChart::paintEvent(QPaintEvent*) {
    const Look& look = Look::instance();
    QPainter painter(this);
    painter.setFont(look.smallFont());
    const QFontMetricsF metrics(look.smallFont());
    const double line = metrics.height();
    const QRectF legend(0, 0, width(), line);
    if (isEmpty()) {
        painter.setPen(look.color(Look::Role::MutedText));
        painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap, m_emptyText);
        return;
    }
    paintLegend(painter, legend);
    const Axis values = axis();
    double labelWidth = 0;
    for (int i = 0; i <= values.steps(); ++i) {
        labelWidth = std::max(labelWidth, metrics.horizontalAdvance(m_format(i * values.step)));
    }
    const double left = std::ceil(labelWidth) + look.space(2);
    const double top = line * 1.5 + look.space(1);
    const QRectF plot(left, top, width() - left - look.space(1), height() - top - line - look.space(1));
    if (plot.width() < 10 || plot.height() < 10) return;
    paintGrid(painter, plot, values);
    painter.setClipRect(plot.adjusted(-3, -3, 3, 3));
    for (const Series& series : m_series) paintSeries(painter, plot, values, series);
}

// Swatch, name and latest figure of each series, left to right; elided where there is no room.
void LineChart::paintLegend(QPainter& painter, const QRectF& area) const {
    const Look& look = Look::instance();
    const QFontMetricsF metrics(painter.font());
    const double swatch = look.space(2), gap = look.space(1);
    double x = area.left();
    for (const Series& series : m_series) {
        if (x + swatch + gap >= area.right()) return;
        painter.fillRect(QRectF(x, area.center().y() - swatch / 4, swatch, swatch / 2), look.color(series.colour));
        x += swatch + gap;
        const QString text = series.latest.isEmpty() ? series.name : tr("%1: %2").arg(series.name, series.latest);
        painter.setPen(look.color(Look::Role::Text));
        const QString shown = metrics.elidedText(text, Qt::ElideRight, area.right() - x);
        painter.drawText(QRectF(x, area.top(), area.right() - x, area.height()), Qt::AlignLeft | Qt::AlignVCenter, shown);
        x += metrics.horizontalAdvance(shown) + 4 * gap;
    }
}

void LineChart::paintGrid(QPainter& painter, const QRectF& plot, const Axis& values) const {
    const Look& look = Look::instance();
    const QFontMetricsF metrics(painter.font());
    for (int i = 0; i <= values.steps(); ++i) {
        const double y = std::round(plot.bottom() - plot.height() * i * values.step / values.top) + 0.5;
        painter.setPen(look.color(Look::Role::Grid));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(look.color(Look::Role::MutedText));
        painter.drawText(QRectF(0, y - metrics.height() / 2, plot.left() - look.space(1), metrics.height()),
                         Qt::AlignRight | Qt::AlignVCenter, m_format(i * values.step));
    }
    painter.setPen(look.color(Look::Role::Grid));
    for (int second = 60; second < m_seconds; second += 60) {
        const double x = std::round(plot.right() - plot.width() * second / m_seconds) + 0.5;
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
    }
    painter.setPen(look.color(Look::Role::MutedText));
    const QRectF below(plot.left(), plot.bottom() + look.space(1), plot.width(), metrics.height());
    painter.drawText(below, Qt::AlignLeft, tr("%1 min ago").arg(m_seconds / 60));
    painter.drawText(below, Qt::AlignRight, tr("now"));
}

void LineChart::paintSeries(QPainter& painter, const QRectF& plot, const Axis& values, const Series& series) const {
    const std::int64_t oldest = m_newest - m_seconds;
    std::vector<QPointF> places;
    places.reserve(series.points.size() + 1);
    for (const ChartPoint& point : series.points) {
        if (point.second < oldest || point.second > m_newest) continue;
        const double value = std::clamp(point.value, 0.0, values.top);
        places.emplace_back(plot.left() + plot.width() * static_cast<double>(point.second - oldest) / m_seconds,
                            plot.bottom() - plot.height() * value / values.top);
    }
    if (places.empty()) return;
    const QColor colour = Look::instance().color(series.colour);
    if (series.shape == Shape::Points) {
        const double radius = Look::instance().space(1) * 0.6;
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(colour);
        for (const QPointF& place : places) painter.drawEllipse(place, radius, radius);
        painter.setRenderHint(QPainter::Antialiasing, false);
    } else {
        paintSteps(painter, plot, colour, places);
    }
}

// A sample is the rate of the second before it, so the line goes in steps. They are upright rectangles on whole pixels: an
// antialiased polyline of 300 spiky samples took 26 ms at 200 %, this takes under one.
void LineChart::paintSteps(QPainter& painter, const QRectF& plot, const QColor& colour, const std::vector<QPointF>& places) const {
    const double ratio = devicePixelRatioF();
    const auto snap = [ratio](double value) { return std::round(value * ratio) / ratio; };
    const double thick = std::max(1.0, std::round(Look::instance().space(1) * 0.4 * ratio)) / ratio;
    const double bottom = snap(plot.bottom());
    QList<QRectF> line, below;
    double start = snap(std::max(plot.left(), places.front().x() - plot.width() / m_seconds));
    double height = snap(places.front().y());   // of the step that began at start
    for (std::size_t i = 0; i < places.size(); ++i) {
        const bool last = i + 1 == places.size();
        const double end = snap(places[i].x());
        const double next = last ? height : snap(places[i + 1].y());
        if (next == height && !last) continue;  // equal steps are one
        if (end > start) {
            line.append(QRectF(start, height - thick / 2, end - start, thick));
            if (bottom > height) below.append(QRectF(start, height, end - start, bottom - height));
        }
        if (!last) line.append(QRectF(end - thick / 2, std::min(next, height) - thick / 2, thick, std::abs(next - height) + thick));
        start = end;
        height = next;
    }
    QColor fill = colour;
    fill.setAlpha(28);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawRects(below);
    painter.setBrush(colour);
    painter.drawRects(line);
}

}  // namespace larder::ui
