#include "ui/pages/requests_page.h"

#include <QDateTime>
#include <QScrollArea>
#include <QVBoxLayout>

#include "ui/look.h"
#include "ui/pages/request_details.h"
#include "ui/pages/request_list.h"
#include "ui/pages/text_label.h"

namespace larder::ui {

RequestsPage::RequestsPage(EngineModel& model, QWidget* parent)
    : QWidget(parent), m_model(model), m_empty(new TextLabel(TextLabel::Style::Muted)), m_list(new RequestListCard), m_details(new RequestDetails) {
    const Look& look = Look::instance();
    auto* content = new QWidget;
    content->setObjectName(QStringLiteral("page"));
    auto* layout = new QVBoxLayout(content);
    layout->setContentsMargins(look.space(6), look.space(6), look.space(6), look.space(6));
    layout->setSpacing(look.space(4));
    layout->addWidget(new TextLabel(TextLabel::Style::Title, tr("Requests")));
    m_empty->setObjectName(QStringLiteral("noRequests"));
    for (QWidget* part : std::initializer_list<QWidget*>{m_empty, m_list, m_details}) layout->addWidget(part);
    layout->addStretch(1);
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("pageScroll"));
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(content);
    scroll->setAccessibleName(tr("Requests"));   // Tab stops here, so that the arrow keys scroll
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(scroll);

    connect(m_list, &RequestListCard::chosenChanged, this, [this] { m_details->show(m_list->chosen()); });
    connect(m_list, &RequestListCard::cancelWanted, this, [this](std::uint64_t number) { m_model.service().cancelRequest(number); });
    connect(&model, &EngineModel::changed, this, [this] {
        if (isVisible()) refresh();
    });
    refresh();
}

void RequestsPage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

void RequestsPage::refresh() {
    const ServiceSnapshot& now = m_model.snapshot();
    m_empty->setSentence(now.server == ServerState::Running
                             ? tr("No request came since the server started. Programs that ask it show here, with what the cache saved them.")
                             : tr("The server does not run. Its requests show here, with what the cache saved them."));
    m_empty->setVisible(now.requests->empty());
    m_list->show(now.requests, QDateTime::currentMSecsSinceEpoch());
    m_details->show(m_list->chosen());
}

}  // namespace larder::ui
