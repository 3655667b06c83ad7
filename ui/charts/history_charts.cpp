#include "ui/charts/history_charts.h"

#include <QLocale>
#include <QVBoxLayout>
#include <cmath>

#include "ui/charts/line_chart.h"
#include "ui/look.h"
#include "ui/pages/tile_grid.h"
#include "ui/status_text.h"
#include "ui/widgets/card.h"

namespace larder::ui {

namespace {

QString plainNumber(double value) {
    const int decimals = value != 0 && value < 10 && value != std::floor(value) ? 1 : 0;
    return QLocale().toString(value, 'f', decimals);
}

QString secondsText(double ms) {
    const double seconds = ms / 1000;
    const bool tenths = std::abs(seconds * 10 - std::round(seconds * 10)) < 1e-6;
    const int decimals = seconds == 0 || seconds >= 10 ? 0 : tenths ? 1 : 2;
    return HistoryCharts::tr("%1 s").arg(QLocale().toString(seconds, 'f', decimals));
}

QString percentText(double value) {
    return HistoryCharts::tr("%1 %").arg(QLocale().toString(value, 'f', 0));
}

QString memoryText(double value) { return value <= 0 ? QStringLiteral("0") : StatusText::bytes(static_cast<std::uint64_t>(value)); }

// The figure of every sample, or nothing at all while they are all zero: a flat line at zero is no news.
std::vector<ChartPoint> figurePoints(const History& history, double Sample::*figure) {
    std::vector<ChartPoint> result;
    result.reserve(history.size());
    bool any = false;
    for (std::size_t i = 0; i < history.size(); ++i) {
        const Sample& sample = history.at(i);
        any = any || sample.*figure > 0;
        result.push_back({sample.second, sample.*figure});
    }
    if (!any) result.clear();
    return result;
}

std::vector<ChartPoint> withoutZeros(std::vector<ChartPoint> all) {
    std::erase_if(all, [](const ChartPoint& point) { return point.value <= 0; });
    return all;
}

}  // namespace

HistoryCharts::HistoryCharts(QWidget* parent) : QWidget(parent), m_tiles(new TileGrid(2, this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_tiles);
    m_speed = addChart(tr("Speed (tokens/s)"), new LineChart(tr("Speed in tokens per second"), plainNumber));
    m_speed->addSeries(tr("Prefill"), Look::Role::Prefill, LineChart::Shape::Line);
    m_speed->addSeries(tr("Decode"), Look::Role::Decode, LineChart::Shape::Line);
    m_speed->setSmallestTop(10);
    m_ttft = addChart(tr("Time to first token"), new LineChart(tr("Time to first token"), secondsText));
    m_ttft->addSeries(tr("Latest answer"), Look::Role::Ttft, LineChart::Shape::Points);
    m_ttft->setSmallestTop(100);
    m_cache = addChart(tr("Cache efficiency"), new LineChart(tr("Cache efficiency"), percentText));
    m_cache->addSeries(tr("From the cache"), Look::Role::Cache, LineChart::Shape::Line);
    m_cache->setFixedTop(100);
    m_memory = addChart(tr("Memory of Larder"), new LineChart(tr("Memory of Larder"), memoryText));
    m_memory->addSeries(tr("In use"), Look::Role::Memory, LineChart::Shape::Line);
    m_memory->setSmallestTop(100e6);
    m_memory->setEmptyText(tr("Not measured yet"));
}

LineChart* HistoryCharts::addChart(const QString& title, LineChart* chart) {
    auto* card = new Card(title);
    card->body()->addWidget(chart);
    m_tiles->add(card);
    return chart;
}

void HistoryCharts::show(const History& history, const QString& waiting) {
    for (LineChart* chart : {m_speed, m_ttft}) chart->setEmptyText(waiting);
    m_cache->setEmptyText(m_speed->isEmpty() ? waiting : tr("Nothing came from the cache yet"));
    if (history.size() == 0) return;
    const Sample& newest = history.at(history.size() - 1);
    if (newest.second == m_shownSecond && history.size() == m_shownSize) return;
    m_shownSecond = newest.second;
    m_shownSize = history.size();

    const int seconds = static_cast<int>(History::kSeconds);
    std::vector<ChartPoint> prefill = figurePoints(history, &Sample::prefillTokensPerSecond);
    std::vector<ChartPoint> decode = figurePoints(history, &Sample::decodeTokensPerSecond);
    m_speed->show(newest.second, seconds, {std::move(prefill), std::move(decode)},
                  {plainNumber(std::round(newest.prefillTokensPerSecond)), plainNumber(newest.decodeTokensPerSecond)});
    std::vector<ChartPoint> ttft = withoutZeros(figurePoints(history, &Sample::ttftMs));
    const QString lastTtft = ttft.empty() ? QString() : secondsText(ttft.back().value);
    m_ttft->show(newest.second, seconds, {std::move(ttft)}, {lastTtft});
    m_cache->show(newest.second, seconds, {figurePoints(history, &Sample::cacheEfficiencyPercent)},
                  {percentText(newest.cacheEfficiencyPercent)});
    m_memory->show(newest.second, seconds, {figurePoints(history, &Sample::memoryBytes)}, {memoryText(newest.memoryBytes)});
}

}  // namespace larder::ui
