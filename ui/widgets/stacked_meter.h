// A bar against a limit that several things fill, each in a colour of its own, with their words and the limit over it.
#pragma once

#include <QWidget>
#include <vector>

#include "ui/look.h"

namespace larder::ui {

class StackedMeter : public QWidget {
    Q_OBJECT

public:
    struct Part {
        double share = 0;            // of the limit
        Look::Role colour;
        QString words;               // "1.2 GB in use"
        bool operator==(const Part&) const = default;
    };

    explicit StackedMeter(QWidget* parent = nullptr);
    // sentence says it all in one: the accessible value, and what is shown where the words have no room.
    void set(std::vector<Part> parts, const QString& limit, const QString& sentence);
    void setLegendOnly();            // the words without a bar, for bars elsewhere

protected:
    void paintEvent(QPaintEvent* event) override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

private:
    int wordsWidth() const;
    void paintWords(QPainter& painter, const QRect& place) const;
    void paintBar(QPainter& painter, const QRectF& bar) const;

    std::vector<Part> m_parts;
    QString m_limit;
    QString m_sentence;
    bool m_legendOnly = false;
};

}  // namespace larder::ui
