#include "ui/pages/agents_page.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "ui/pages/agent_card.h"
#include "ui/pages/agent_choices.h"
#include "ui/pages/snippets_card.h"
#include "ui/pages/text_label.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/page_scroll.h"

namespace larder::ui {

AgentsPage::AgentsPage(EngineModel& model, QWidget* parent) : QWidget(parent), m_model(model) {
    build();
    connect(m_state, &Banner::actionClicked, this, [this] { m_model.service().startServer(); });
    connect(m_choices, &AgentChoices::chosen, this, &AgentsPage::refresh);
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
    m_choices = new AgentChoices;
    auto* cards = new QWidget;
    m_column = new QVBoxLayout(cards);
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(layout->spacing());
    for (const AgentInfo& agent : knownAgents()) {
        auto* card = new AgentCard(m_model, agent);
        m_cards.push_back(card);
        m_column->addWidget(card);
        connect(card, &AgentCard::planned, this, &AgentsPage::order);
        connect(card, &AgentCard::wantsLook, this, &AgentsPage::lookAnew);
    }
    m_agents = cards;
    m_snippets = new SnippetsCard;
    layout->addWidget(new TextLabel(TextLabel::Style::Title, tr("Agents")));
    for (QWidget* part : std::initializer_list<QWidget*>{m_state, m_noModel, m_choices, m_agents, m_snippets}) layout->addWidget(part);
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
    lookAnew();              // one may have been installed meanwhile
}

void AgentsPage::lookAnew() {
    for (AgentCard* card : m_cards) card->forget();
    refresh();
}

void AgentsPage::refresh() {
    const ServiceSnapshot& now = m_model.snapshot();
    const AgentServer server = agentServer(now);
    const bool any = !server.models.empty();
    m_noModel->setVisible(now.modelsKnown && !any);
    for (QWidget* part : std::initializer_list<QWidget*>{m_choices, m_agents, m_snippets}) part->setVisible(any);
    showState();
    if (!any) return;
    m_choices->showModels(server);
    for (AgentCard* card : m_cards) card->refresh(server, m_choices->model(), m_choices->folder());
    m_snippets->show(server, m_choices->model());
}

// The keyboard walks through them in the order they are seen.
void AgentsPage::order() {
    std::vector<AgentCard*> sorted = m_cards;
    std::stable_partition(sorted.begin(), sorted.end(), [](const AgentCard* card) { return card->isInstalled(); });
    if (sorted == m_cards) return;
    m_cards = std::move(sorted);
    QWidget* before = m_choices->lastField();
    for (AgentCard* card : m_cards) {
        m_column->removeWidget(card);
        m_column->addWidget(card);
        for (QPushButton* button : card->buttons()) {
            setTabOrder(before, button);
            before = button;
        }
    }
}

// A failure is said by the window, on every page.
void AgentsPage::showState() {
    const ServerState state = m_model.snapshot().server;
    if (state == ServerState::Stopped) return m_state->show(tr("The server is not running: agents need it."), Tone::Neutral, tr("Start server"));
    if (state == ServerState::Starting) return m_state->show(tr("The server is starting ..."), Tone::Busy);
    m_state->clear();
}

}  // namespace larder::ui
