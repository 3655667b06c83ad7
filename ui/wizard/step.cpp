#include "ui/wizard/step.h"

#include <QApplication>
#include <QFontInfo>
#include <QScrollArea>

#include "ui/look.h"

namespace larder::ui {

Step::Step(const QString& title, const QString& lead, QWidget* parent)
    : QWizardPage(parent), m_title(new QLabel(title)), m_lead(new QLabel(lead)) {
    const Look& look = Look::instance();
    for (QLabel* label : {m_title, m_lead}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
    }
    setAccessibleName(title);

    auto* content = new QWidget;
    auto* inside = new QVBoxLayout(content);
    inside->setContentsMargins(look.space(2), look.space(2), look.space(6), look.space(2));
    inside->setSpacing(look.space(4));
    inside->addWidget(m_title);
    inside->addWidget(m_lead);
    m_body = new QVBoxLayout;
    m_body->setSpacing(look.space(4));
    inside->addLayout(m_body);
    inside->addStretch(1);

    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(content);
    // The page is the dialog's own surface, not a white sheet on it.
    scroll->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look.space(2));
    layout->addWidget(scroll, 1);
    m_footer = new QVBoxLayout;
    m_footer->setContentsMargins(look.space(2), 0, look.space(6), 0);
    layout->addLayout(m_footer);
    // Arrow keys move through radio buttons without the scroll area noticing.
    connect(qApp, &QApplication::focusChanged, scroll, [scroll](QWidget*, QWidget* now) {
        if (now != nullptr && scroll->widget()->isAncestorOf(now)) scroll->ensureWidgetVisible(now);
    });
    connect(&Look::instance(), &Look::changed, this, &Step::restyle);
    restyle();
}

void Step::restyle() {
    const Look& look = Look::instance();
    m_title->setStyleSheet(QStringLiteral("font-size: %1px; font-weight: 600;").arg(QFontInfo(look.titleFont()).pixelSize()));
    m_lead->setStyleSheet(QStringLiteral("color: %1;").arg(look.color(Look::Role::MutedText).name()));
}

}  // namespace larder::ui
