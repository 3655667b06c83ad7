#include "ui/widgets/card.h"

#include "ui/look.h"

namespace larder::ui {

Card::Card(const QString& title, QWidget* parent)
    : QFrame(parent), m_header(new QHBoxLayout), m_title(new QLabel(this)), m_body(new QVBoxLayout) {
    const Look& look = Look::instance();
    m_title->setFont(look.headingFont());
    m_title->setTextFormat(Qt::PlainText);
    m_header->setSpacing(look.space(2));
    m_header->addWidget(m_title, 1);
    m_body->setSpacing(look.space(2));
    auto* column = new QVBoxLayout(this);
    const int margin = look.space(4);
    column->setContentsMargins(margin, margin, margin, margin);
    column->setSpacing(look.space(3));
    column->addLayout(m_header);
    column->addLayout(m_body, 1);
    setTitle(title);
}

void Card::setTitle(const QString& title) {
    m_title->setText(title);
    m_title->setVisible(!title.isEmpty());
    setAccessibleName(title);
}

}  // namespace larder::ui
