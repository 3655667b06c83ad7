#include "ui/wizard/step_list.h"

#include <QPainter>
#include <QPainterPath>

#include "ui/look.h"

namespace larder::ui {
namespace {

QFont currentStepFont(const QWidget& widget) {
    QFont font = widget.font();
    font.setBold(true);
    return font;
}

}  // namespace

StepList::StepList(const QStringList& names, QWidget* parent) : QWidget(parent), m_names(names) {
    setFocusPolicy(Qt::NoFocus);
    connect(&Look::instance(), &Look::changed, this, qOverload<>(&QWidget::update));
    setCurrent(0);
}

void StepList::setCurrent(int index) {
    m_current = index;
    if (index >= 0 && index < m_names.size())
        setAccessibleName(tr("Step %1 of %2: %3").arg(index + 1).arg(m_names.size()).arg(m_names.at(index)));
    update();
}

QSize StepList::sizeHint() const {
    const Look& look = Look::instance();
    const QFontMetrics metrics(currentStepFont(*this));
    int widest = 0;
    for (const QString& name : m_names) widest = qMax(widest, metrics.horizontalAdvance(name));
    const int row = metrics.height() * 2 + look.space(1);
    return {look.space(6) + metrics.height() * 2 + look.space(3) + widest + look.space(6),
            look.space(6) * 2 + row * static_cast<int>(m_names.size())};
}

void StepList::paintEvent(QPaintEvent*) {
    const Look& look = Look::instance();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), look.color(Look::Role::Card));
    painter.setPen(look.color(Look::Role::CardBorder));
    painter.drawLine(width() - 1, 0, width() - 1, height());

    const QFontMetrics metrics(currentStepFont(*this));
    const int dot = metrics.height() * 3 / 2;
    const int row = metrics.height() * 2 + look.space(1);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    for (int i = 0; i < m_names.size(); ++i) {
        const bool here = i == m_current;
        const bool done = i < m_current;
        const QRect line(look.space(6), look.space(6) + i * row, width() - look.space(6), row);
        const QRect circle(line.left(), line.center().y() - dot / 2, dot, dot);
        const QRect placed = mirrored ? circle.translated(width() - circle.right() - circle.left(), 0) : circle;
        painter.setPen(QPen(look.color(here || done ? Look::Role::Accent : Look::Role::CardBorder), 1.5));
        painter.setBrush(here ? QBrush(look.color(Look::Role::Accent)) : QBrush(Qt::NoBrush));
        painter.drawEllipse(placed);
        painter.setPen(look.color(here ? Look::Role::OnAccent : done ? Look::Role::Text : Look::Role::MutedText));
        painter.setFont(here ? currentStepFont(*this) : font());
        painter.drawText(placed, Qt::AlignCenter, done ? QStringLiteral("\u2713") : QString::number(i + 1));
        painter.setPen(look.color(here ? Look::Role::Text : Look::Role::MutedText));
        const QRect words = line.adjusted(dot + look.space(3), 0, 0, 0);
        painter.drawText(mirrored ? QRect(0, words.top(), placed.left() - look.space(3), row) : words,
                         (mirrored ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter, m_names.at(i));
    }
}

}  // namespace larder::ui
