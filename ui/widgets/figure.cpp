#include "ui/widgets/figure.h"

#include <QFontMetrics>
#include <QVBoxLayout>

#include "ui/look.h"

namespace larder::ui {

Figure::Figure(const QString& caption, QWidget* parent)
    : QWidget(parent), m_value(new QLabel(this)), m_caption(new QLabel(caption, this)) {
    const Look& look = Look::instance();
    m_value->setFont(look.figureFont());
    m_value->setTextFormat(Qt::PlainText);
    m_caption->setTextFormat(Qt::PlainText);
    m_caption->setFont(look.smallFont());
    m_caption->setProperty("muted", true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look.space(1) / 2);
    column->addWidget(m_value);
    column->addWidget(m_caption);
    column->addStretch();
    setAccessibleName(caption);
    setValue(QStringLiteral("-"));
}

// The widest value so far, with every digit as wide as a 0, is the least width from then on: neighbours stay where they are.
void Figure::setValue(const QString& value) {
    if (value == m_value->text()) return;
    m_value->setText(value);
    setAccessibleDescription(value);
    QString widest = value;
    for (QChar& letter : widest)
        if (letter.isDigit()) letter = QLatin1Char('0');
    const int width = m_value->fontMetrics().horizontalAdvance(widest) + 2;
    if (width > m_value->minimumWidth()) m_value->setMinimumWidth(width);
}

}  // namespace larder::ui
