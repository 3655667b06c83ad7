#include "ui/widgets/page_scroll.h"

#include <QVBoxLayout>

#include "ui/look.h"

namespace larder::ui {

PageScroll::PageScroll(QWidget& page, const QString& name) {
    const Look& look = Look::instance();
    auto* content = new QWidget;
    content->setObjectName(QStringLiteral("page"));
    m_column = new QVBoxLayout(content);
    m_column->setContentsMargins(look.space(6), look.space(6), look.space(6), look.space(6));
    m_column->setSpacing(look.space(4));
    setObjectName(QStringLiteral("pageScroll"));
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setWidget(content);
    setAccessibleName(name);
    auto* outer = new QVBoxLayout(&page);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(this);
}

}  // namespace larder::ui
