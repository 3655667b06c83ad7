// What a page consists of: one column that scrolls, with the page's margins. GUI thread; the page owns it.
#pragma once

#include <QScrollArea>

class QVBoxLayout;

namespace larder::ui {

class PageScroll : public QScrollArea {
public:
    // Fills the page. name: for screen readers; Tab stops here, so that the arrow keys scroll.
    PageScroll(QWidget& page, const QString& name);

    QVBoxLayout* column() const { return m_column; }

private:
    QVBoxLayout* m_column;
};

}  // namespace larder::ui
