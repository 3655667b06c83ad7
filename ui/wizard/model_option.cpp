#include "ui/wizard/model_option.h"

#include <QHBoxLayout>
#include <QMouseEvent>
#include <QStyle>
#include <QVBoxLayout>

namespace larder::ui {

ModelOption::ModelOption(const QString& title, const QString& detail, QWidget* parent)
    : QWidget(parent), m_radio(new QRadioButton), m_detail(new NoteLabel), m_line(new QHBoxLayout) {
    // An ampersand in a model's name is no shortcut.
    m_radio->setText(QString(title).replace(QLatin1Char('&'), QStringLiteral("&&")));
    m_radio->setAccessibleName(title);
    m_radio->setAccessibleDescription(detail);
    const int indent = style()->pixelMetric(QStyle::PM_ExclusiveIndicatorWidth) +
                       style()->pixelMetric(QStyle::PM_RadioButtonLabelSpacing);
    const Look& look = Look::instance();
    m_line->setSpacing(look.space(2));
    m_line->addWidget(m_radio);
    m_line->addStretch(1);
    auto* below = new QHBoxLayout;
    below->setContentsMargins(indent, 0, 0, 0);
    below->addWidget(m_detail);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look.space(1));
    layout->addLayout(m_line);
    layout->addLayout(below);
    m_detail->setTextInteractionFlags(Qt::NoTextInteraction);
    m_detail->set(detail);
}

void ModelOption::addBadge(const QString& text, Tone tone) {
    auto* badge = new Badge;
    m_line->insertWidget(m_line->count() - 1, badge);
    badge->set(text, tone);
    m_radio->setAccessibleDescription(text + QStringLiteral(", ") + m_radio->accessibleDescription());
}

void ModelOption::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !m_radio->isEnabled()) return;
    m_radio->setFocus();
    m_radio->setChecked(true);
}

}  // namespace larder::ui
