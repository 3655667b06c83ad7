// A small chart of the last minutes: one or more lines (or single points) over time, the newest at the right, with the latest
// figures in a legend above. Painted by hand, because a chart changes every second beside a busy engine: painting 300 samples
// must cost well under a frame. GUI thread only.
#pragma once

#include <QPointF>
#include <QString>
#include <QWidget>
#include <cstdint>
#include <functional>
#include <vector>

#include "ui/charts/axis.h"
#include "ui/look.h"

namespace larder::ui {

struct ChartPoint {
    std::int64_t second = 0;
    double value = 0;
};

class LineChart : public QWidget {
    Q_OBJECT

public:
    enum class Shape { Line, Points };
    using Format = std::function<QString(double)>;  // a value as text, for the axis and the legend

    LineChart(const QString& name, Format format, QWidget* parent = nullptr);

    void addSeries(const QString& name, Look::Role colour, Shape shape);
    void setSmallestTop(double top) { m_smallestTop = top; }  // the axis never ends below this
    void setFixedTop(double top) { m_fixedTop = top; }        // it always ends here
    void setEmptyText(const QString& text);                   // shown while no series has a point

    // One vector for each series, by rising time. newest is the second at the right edge, seconds the width of the window.
    // latest is what the legend says for each series; an empty text says that there is none.
    void show(std::int64_t newest, int seconds, std::vector<std::vector<ChartPoint>> points, const std::vector<QString>& latest);

    bool isEmpty() const;
    Axis axis() const;

protected:
    void paintEvent(QPaintEvent* event) override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

private:
    struct Series {
        QString name;
        Look::Role colour;
        Shape shape;
        std::vector<ChartPoint> points;
        QString latest;
    };
    void paintLegend(QPainter& painter, const QRectF& area) const;
    void paintGrid(QPainter& painter, const QRectF& plot, const Axis& axis) const;
    void paintSeries(QPainter& painter, const QRectF& plot, const Axis& axis, const Series& series) const;
    void paintSteps(QPainter& painter, const QRectF& plot, const QColor& colour, const std::vector<QPointF>& places) const;
    void describe();

    QString m_name;
    Format m_format;
    std::vector<Series> m_series;
    std::int64_t m_newest = 0;
    int m_seconds = 300;
    double m_smallestTop = 1;
    double m_fixedTop = 0;
    QString m_emptyText;
};

}  // namespace larder::ui
