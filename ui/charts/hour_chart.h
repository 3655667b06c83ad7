// How much of the prompts came from the cache, hour by hour, the newest at the right: a bar an hour, what came from memory below
// and what was read from the disk on top. An hour without prompts is a gap; one in which nothing was cached has a foot. Painted
// by hand, in the look of LineChart. GUI thread only.
#pragma once

#include <QPainter>
#include <QString>
#include <QWidget>
#include <cstdint>
#include <vector>

#include "engine/usage.h"

namespace larder::ui {

class HourChart : public QWidget {
    Q_OBJECT

public:
    explicit HourChart(QWidget* parent = nullptr);

    // One entry an hour, all models together; firstUnixHour is that of the first.
    void show(std::int64_t firstUnixHour, std::vector<UsageCounters> hours);
    void setEmptyText(const QString& text);   // shown while no hour has prompts

    bool isEmpty() const { return m_total.promptTokens == 0; }
    const UsageCounters& total() const { return m_total; }
    QString hourText(std::size_t index) const;      // what the tooltip says of it
    int hourAt(const QPointF& place) const;         // -1: none there

protected:
    bool event(QEvent* event) override;             // tooltips
    void paintEvent(QPaintEvent* event) override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

private:
    QRectF plotArea() const;
    void paintLegend(QPainter& painter) const;
    void paintGrid(QPainter& painter, const QRectF& plot) const;
    void paintTimes(QPainter& painter, const QRectF& plot) const;
    void paintBars(QPainter& painter, const QRectF& plot) const;

    std::int64_t m_first = 0;
    std::vector<UsageCounters> m_hours;
    UsageCounters m_total;
    QString m_emptyText;
};

}  // namespace larder::ui
