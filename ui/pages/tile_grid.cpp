#include "ui/pages/tile_grid.h"

#include <QEvent>
#include <QGridLayout>
#include <QResizeEvent>
#include <algorithm>

#include "ui/look.h"

namespace larder::ui {

TileGrid::TileGrid(int mostColumns, QWidget* parent)
    : QWidget(parent), m_grid(new QGridLayout(this)), m_mostColumns(mostColumns) {
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setSpacing(Look::instance().space(4));
    // Otherwise the widest arrangement would be the smallest the page can become.
    m_grid->setSizeConstraint(QLayout::SetNoConstraint);
}

void TileGrid::add(QWidget* tile) {
    tile->setParent(this);
    m_tiles.push_back(tile);
    arrange(std::max(1, m_columns));
}

int TileGrid::tileWidth() const {
    int widest = 1;
    for (const QWidget* tile : m_tiles) widest = std::max({widest, tile->minimumSizeHint().width(), tile->minimumWidth()});
    return widest;
}

// The columns are balanced: six tiles where five fit are two rows of three.
int TileGrid::columnsFor(int width) const {
    const int gap = m_grid->spacing();
    const int count = static_cast<int>(m_tiles.size());
    int columns = std::clamp((width + gap) / (tileWidth() + gap), 1, m_mostColumns);
    const int rows = (count + columns - 1) / columns;
    return std::max(1, (count + rows - 1) / std::max(1, rows));
}

void TileGrid::arrange(int columns) {
    for (QWidget* tile : m_tiles) m_grid->removeWidget(tile);
    for (int i = 0; i < m_mostColumns; ++i) m_grid->setColumnStretch(i, i < columns ? 1 : 0);
    for (std::size_t i = 0; i < m_tiles.size(); ++i) {
        m_grid->addWidget(m_tiles[i], static_cast<int>(i) / columns, static_cast<int>(i) % columns);
    }
    m_columns = columns;
    updateGeometry();
}

QSize TileGrid::minimumSizeHint() const { return {tileWidth(), m_grid->minimumSize().height()}; }

QSize TileGrid::sizeHint() const { return {m_grid->sizeHint().width(), m_grid->sizeHint().height()}; }

void TileGrid::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const int columns = columnsFor(event->size().width());
    if (columns != m_columns) arrange(columns);
}

bool TileGrid::event(QEvent* event) {
    // A tile's text or the font grew: the same width may hold fewer columns now.
    if (event->type() == QEvent::LayoutRequest && !m_tiles.empty()) {
        const int columns = columnsFor(width());
        if (columns != m_columns) arrange(columns);
    }
    return QWidget::event(event);
}

}  // namespace larder::ui
