#include "ui/pages/agents_page.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/pages/agent_card.h"
#include "ui/pages/agent_variables.h"
#include "ui/pages/snippets_card.h"
#include "ui/pages/text_label.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/page_scroll.h"

namespace larder::ui {

AgentsPage::AgentsPage(EngineModel& model, QWidget* parent) : QWidget(parent), m_model(model) {
    build();
    connect(m_state, &Banner::actionClicked, this, [this] { m_model.service().startServer(); });
    connect(m_agent, &AgentCard::planned, m_variables, &AgentVariables::show);
    connect(m_agent, &AgentCard::modelChosen, this, &AgentsPage::refresh);
    connect(&model, &EngineModel::changed, this, [this] {
        if (isVisible()) refresh();
    });
    refresh();
}

void AgentsPage::build() {
    QVBoxLayout* layout = (new PageScroll(*this, tr("Agents")))->column();
    m_state = new Banner;
    m_state->setObjectName(QStringLiteral("agentsState"));
    m_noModel = buildNoModel();
    m_agent = new AgentCard(m_model, "claude", QStringLiteral("Claude Code"));
    m_variables = new AgentVariables;
    m_snippets = new SnippetsCard;
    layout->addWidget(new TextLabel(TextLabel::Style::Title, tr("Agents")));
    for (QWidget* part : std::initializer_list<QWidget*>{m_state, m_noModel, m_agent, m_variables, m_snippets}) layout->addWidget(part);
    layout->addStretch(1);
}

QWidget* AgentsPage::buildNoModel() {
    auto* card = new Card(tr("No model yet"));
    auto* text = new TextLabel(TextLabel::Style::Body);
    text->setSentence(tr("An agent needs a model to work with: one with a window of 48,000 tokens or more."));
    auto* get = new QPushButton(tr("Get a model"));
    get->setObjectName(QStringLiteral("getModelForAgents"));
    get->setProperty("primary", true);
    auto* row = new QHBoxLayout;
    row->addWidget(text, 1);
    row->addWidget(get, 0, Qt::AlignVCenter);
    card->body()->addLayout(row);
    connect(get, &QPushButton::clicked, this, &AgentsPage::modelsWanted);
    return card;
}

void AgentsPage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    m_agent->look();         // it may have been installed meanwhile
    refresh();
}

void AgentsPage::refresh() {
    const ServiceSnapshot& now = m_model.snapshot();
    const AgentServer server = agentServer(now);
    const bool any = !server.models.empty();
    m_noModel->setVisible(now.modelsKnown && !any);
    m_agent->setVisible(any);
    m_variables->setVisible(any);
    m_snippets->setVisible(any);
    showState();
    if (!any) return;
    m_agent->refresh();
    m_snippets->show(server, m_agent->chosenModel());
}

// A failure is said by the window, on every page.
void AgentsPage::showState() {
    const ServerState state = m_model.snapshot().server;
    if (state == ServerState::Stopped) return m_state->show(tr("The server is not running: agents need it."), Tone::Neutral, tr("Start server"));
    if (state == ServerState::Starting) return m_state->show(tr("The server is starting ..."), Tone::Busy);
    m_state->clear();
}

}  // namespace larder::ui
