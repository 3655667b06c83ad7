// Equal tiles side by side: as many columns as the width allows, at most the given number. GUI thread only.
#pragma once

#include <QWidget>
#include <vector>

class QGridLayout;

namespace larder::ui {

class TileGrid : public QWidget {
    Q_OBJECT

public:
    explicit TileGrid(int mostColumns, QWidget* parent = nullptr);

    void add(QWidget* tile);
    int columns() const { return m_columns; }

    QSize minimumSizeHint() const override;
    QSize sizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool event(QEvent* event) override;

private:
    int columnsFor(int width) const;
    int tileWidth() const;  // of the widest tile's minimum
    void arrange(int columns);

    QGridLayout* m_grid;
    std::vector<QWidget*> m_tiles;
    int m_mostColumns;
    int m_columns = 0;
};

}  // namespace larder::ui
