#include "ui/charts/hour_chart.h"

#include <QDateTime>
#include <QHelpEvent>
#include <QList>
#include <QLocale>
#include <QToolTip>
#include <algorithm>
#include <array>
#include <cmath>

#include "ui/look.h"
#include "ui/status_text.h"

namespace larder::ui {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr int kValueSteps = 2;   // lines above zero: 50 % and 100 %

double shareOf(std::uint64_t part, std::uint64_t whole) {
    return whole > 0 ? std::min(1.0, static_cast<double>(part) / static_cast<double>(whole)) : 0;
}

double diskShare(const UsageCounters& hour) { return shareOf(std::min(hour.loadedTokens, hour.cachedTokens), hour.promptTokens); }

QDateTime startOf(std::int64_t unixHour) { return QDateTime::fromMSecsSinceEpoch(unixHour * kHourMs); }

}  // namespace

HourChart::HourChart(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Cache efficiency by hour"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Look::instance(), &Look::changed, this, qOverload<>(&QWidget::update));
}

void HourChart::show(std::int64_t firstUnixHour, std::vector<UsageCounters> hours) {
    m_first = firstUnixHour;
    m_hours = std::move(hours);
    m_total = {};
    for (const UsageCounters& hour : m_hours) m_total.add(hour);
    setAccessibleDescription(isEmpty() ? m_emptyText
                                       : tr("%1 of %2 prompt tokens came from the cache")
                                             .arg(StatusText::percent(m_total.cacheEfficiency()), StatusText::count(m_total.promptTokens)));
    update();
}

void HourChart::setEmptyText(const QString& text) {
    if (text == m_emptyText) return;
    m_emptyText = text;
    if (isEmpty()) setAccessibleDescription(text);
    update();
}

QSize HourChart::sizeHint() const {
    const Look& look = Look::instance();
    return {look.space(120), look.space(44)};
}

QSize HourChart::minimumSizeHint() const {
    const Look& look = Look::instance();
    return {look.space(56), look.space(36)};
}

QString HourChart::hourText(std::size_t index) const {
    const UsageCounters& hour = m_hours.at(index);
    const QString when = QLocale().toString(startOf(m_first + static_cast<std::int64_t>(index)), QLocale::ShortFormat);
    if (hour.promptTokens == 0) return tr("%1: no requests").arg(when);
    const QString text = tr("%1: %2 of %3 prompt tokens from the cache")
                             .arg(when, StatusText::percent(hour.cacheEfficiency()), StatusText::count(hour.promptTokens));
    return hour.loadedTokens == 0 ? text : tr("%1, %2 from the disk").arg(text, StatusText::percent(diskShare(hour)));
}

int HourChart::hourAt(const QPointF& place) const {
    const QRectF plot = plotArea();
    if (isEmpty() || !plot.contains(place)) return -1;
    const auto count = static_cast<int>(m_hours.size());
    return std::clamp(static_cast<int>((place.x() - plot.left()) / plot.width() * count), 0, count - 1);
}

bool HourChart::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int hour = hourAt(help->pos());
    if (hour < 0) QToolTip::hideText();
    else QToolTip::showText(help->globalPos(), hourText(static_cast<std::size_t>(hour)), this);
    return true;
}

QRectF HourChart::plotArea() const {
    const Look& look = Look::instance();
    const QFontMetricsF metrics(look.smallFont());
    const double line = metrics.height();
    const double left = std::ceil(metrics.horizontalAdvance(StatusText::percent(1))) + look.space(2);
    const double top = line * 1.5 + look.space(1);
    return {left, top, width() - left - look.space(1), height() - top - line - look.space(1)};
}

void HourChart::paintEvent(QPaintEvent*) {
    const Look& look = Look::instance();
    QPainter painter(this);
    painter.setFont(look.smallFont());
    if (isEmpty()) {
        painter.setPen(look.color(Look::Role::MutedText));
        painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap, m_emptyText);
        return;
    }
    const QRectF plot = plotArea();
    if (plot.width() < 10 || plot.height() < 10) return;
    paintLegend(painter);
    paintGrid(painter, plot);
    paintTimes(painter, plot);
    paintBars(painter, plot);
}

// Elided where there is no room, as in LineChart.
void HourChart::paintLegend(QPainter& painter) const {
    const Look& look = Look::instance();
    const QFontMetricsF metrics(painter.font());
    struct Entry {
        Look::Role colour;
        QString text;
    };
    const double disk = diskShare(m_total);
    const double memory = std::max(0.0, m_total.cacheEfficiency() - disk);
    const std::array<Entry, 2> entries = {{{Look::Role::Cache, tr("From memory: %1").arg(StatusText::percent(memory))},
                                           {Look::Role::Ttft, tr("From the disk: %1").arg(StatusText::percent(disk))}}};
    const double swatch = look.space(2), gap = look.space(1);
    double x = 0;
    for (const Entry& entry : entries) {
        if (x + swatch + gap >= width()) return;
        painter.fillRect(QRectF(x, metrics.height() / 2 - swatch / 4, swatch, swatch / 2), look.color(entry.colour));
        x += swatch + gap;
        painter.setPen(look.color(Look::Role::Text));
        const QString shown = metrics.elidedText(entry.text, Qt::ElideRight, width() - x);
        painter.drawText(QRectF(x, 0, width() - x, metrics.height()), Qt::AlignLeft | Qt::AlignVCenter, shown);
        x += metrics.horizontalAdvance(shown) + 4 * gap;
    }
}

void HourChart::paintGrid(QPainter& painter, const QRectF& plot) const {
    const Look& look = Look::instance();
    const QFontMetricsF metrics(painter.font());
    for (int i = 0; i <= kValueSteps; ++i) {
        const double share = static_cast<double>(i) / kValueSteps;
        const double y = std::round(plot.bottom() - plot.height() * share) + 0.5;
        painter.setPen(look.color(Look::Role::Grid));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(look.color(Look::Role::MutedText));
        painter.drawText(QRectF(0, y - metrics.height() / 2, plot.left() - look.space(1), metrics.height()),
                         Qt::AlignRight | Qt::AlignVCenter, StatusText::percent(share));
    }
}

// Times of the day for a day, else days: every so many as have room.
void HourChart::paintTimes(QPainter& painter, const QRectF& plot) const {
    const Look& look = Look::instance();
    const QFontMetricsF metrics(painter.font());
    const auto count = static_cast<std::int64_t>(m_hours.size());
    const bool oneDay = count <= 48;
    const QString timeFormat = QLocale().timeFormat(QLocale::ShortFormat).remove(QStringLiteral(":ss"));   // whole hours
    const double perHour = plot.width() / static_cast<double>(count);
    struct Tick {
        double x;
        QString text;
    };
    std::vector<Tick> ticks;
    double widest = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        const QDateTime when = startOf(m_first + i);
        if (when.time().hour() % (oneDay ? 6 : 24) != 0) continue;
        const QString text = oneDay ? QLocale().toString(when.time(), timeFormat) : QLocale().toString(when.date(), tr("d MMM", "day and month"));
        ticks.push_back({std::round(plot.left() + perHour * static_cast<double>(i)) + 0.5, text});
        widest = std::max(widest, metrics.horizontalAdvance(text));
    }
    const double perTick = perHour * (oneDay ? 6 : 24);
    const auto every = static_cast<std::size_t>(std::max(1.0, std::ceil((widest + look.space(2)) / perTick)));
    for (std::size_t i = 0; i < ticks.size(); ++i) {
        painter.setPen(look.color(Look::Role::Grid));
        painter.drawLine(QPointF(ticks[i].x, plot.top()), QPointF(ticks[i].x, plot.bottom()));
        const QRectF place(ticks[i].x - widest / 2 - 1, plot.bottom() + look.space(1), widest + 2, metrics.height());
        if (i % every != 0 || place.left() < plot.left() || place.right() > plot.right()) continue;
        painter.setPen(look.color(Look::Role::MutedText));
        painter.drawText(place, Qt::AlignCenter, ticks[i].text);
    }
}

// Upright rectangles on whole pixels, all of one colour at once: 720 hours cost as little as 24.
void HourChart::paintBars(QPainter& painter, const QRectF& plot) const {
    const Look& look = Look::instance();
    const double ratio = devicePixelRatioF();
    const auto snap = [ratio](double value) { return std::round(value * ratio) / ratio; };
    const double perHour = plot.width() / static_cast<double>(m_hours.size());
    const double gap = perHour >= 4 ? std::max(1.0, perHour / 6) : 0;
    const double bottom = snap(plot.bottom());
    const double foot = 2 / ratio;
    QList<QRectF> fromMemory, fromDisk, feet;
    for (std::size_t i = 0; i < m_hours.size(); ++i) {
        const UsageCounters& hour = m_hours[i];
        if (hour.promptTokens == 0) continue;
        const double left = snap(plot.left() + perHour * static_cast<double>(i));
        const double right = std::max(left + 1 / ratio, snap(plot.left() + perHour * static_cast<double>(i + 1) - gap));
        const double top = snap(bottom - plot.height() * std::min(1.0, hour.cacheEfficiency()));
        const double middle = snap(top + plot.height() * diskShare(hour));
        if (bottom - top < foot) feet.append(QRectF(left, bottom - foot, right - left, foot));
        if (middle > top) fromDisk.append(QRectF(left, top, right - left, middle - top));
        if (bottom > middle) fromMemory.append(QRectF(left, middle, right - left, bottom - middle));
    }
    painter.setPen(Qt::NoPen);
    painter.setBrush(look.color(Look::Role::Cache));
    painter.drawRects(fromMemory);
    painter.setBrush(look.color(Look::Role::Ttft));
    painter.drawRects(fromDisk);
    painter.setBrush(look.color(Look::Role::MutedText));
    painter.drawRects(feet);
}

}  // namespace larder::ui
