// The four live charts of Overview, fed from History: speed, time to first token, cache efficiency, memory. GUI thread only.
#pragma once

#include <QWidget>
#include <cstdint>

#include "ui/history.h"

namespace larder::ui {

class LineChart;
class TileGrid;

class HistoryCharts : public QWidget {
    Q_OBJECT

public:
    explicit HistoryCharts(QWidget* parent = nullptr);

    // Shows the history as it is now; nothing is done when its newest sample is shown already. waiting is what the charts say
    // while they have no figures: "Waiting for the first request".
    void show(const History& history, const QString& waiting);

private:
    LineChart* addChart(const QString& title, LineChart* chart);

    TileGrid* m_tiles;
    LineChart* m_speed;
    LineChart* m_ttft;
    LineChart* m_cache;
    LineChart* m_memory;
    std::int64_t m_shownSecond = -1;
    std::size_t m_shownSize = 0;
};

}  // namespace larder::ui
