#include "ui/pages/requests_page.h"

#include <QDateTime>
#include <QVBoxLayout>

#include "ui/pages/request_details.h"
#include "ui/pages/request_list.h"
#include "ui/pages/text_label.h"
#include "ui/widgets/page_scroll.h"

namespace larder::ui {

RequestsPage::RequestsPage(EngineModel& model, QWidget* parent)
    : QWidget(parent), m_model(model), m_empty(new TextLabel(TextLabel::Style::Muted)), m_list(new RequestListCard), m_details(new RequestDetails) {
    QVBoxLayout* layout = (new PageScroll(*this, tr("Requests")))->column();
    layout->addWidget(new TextLabel(TextLabel::Style::Title, tr("Requests")));
    m_empty->setObjectName(QStringLiteral("noRequests"));
    for (QWidget* part : std::initializer_list<QWidget*>{m_empty, m_list, m_details}) layout->addWidget(part);
    layout->addStretch(1);
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
