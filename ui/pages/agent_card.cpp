#include "ui/pages/agent_card.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QGridLayout>
#include <QLineEdit>
#include <QPushButton>
#include <algorithm>

#include "ui/ask.h"
#include "ui/look.h"
#include "ui/pages/launch_command.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/terminal.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/form_row.h"
#include "ui/widgets/note_label.h"

namespace larder::ui {

AgentCard::AgentCard(EngineModel& model, const std::string& agent, const QString& name, QWidget* parent)
    : Card(name, parent), m_model(model), m_agent(agent) {
    setObjectName(QStringLiteral("agentCard"));
    build();
    refresh();
}

void AgentCard::build() {
    const Look& look = Look::instance();
    m_state = new Badge;
    m_state->setObjectName(QStringLiteral("agentState"));
    header()->addWidget(m_state);
    m_place = new TextLabel(TextLabel::Style::Muted);
    m_place->setObjectName(QStringLiteral("agentPlace"));
    m_place->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_again = new QPushButton(tr("Look again"));
    m_again->setObjectName(QStringLiteral("lookAgain"));
    m_again->hide();
    auto* place = new QHBoxLayout;
    place->addWidget(m_place, 1);
    place->addWidget(m_again, 0, Qt::AlignVCenter);
    body()->addLayout(place);
    buildChoices();
    m_warnings = new QVBoxLayout;
    m_warnings->setSpacing(look.space(2));
    body()->addLayout(m_warnings);
    buildButtons();
    connect(m_again, &QPushButton::clicked, this, &AgentCard::look);
    connect(m_models, &QComboBox::activated, this, [this] {
        refresh();
        Q_EMIT modelChosen();
    });
    connect(m_choose, &QPushButton::clicked, this, &AgentCard::chooseFolder);
    connect(m_open, &QPushButton::clicked, this, &AgentCard::openInTerminal);
    connect(m_copy, &QPushButton::clicked, this, &AgentCard::copyCommand);
    connect(m_copyPlain, &QPushButton::clicked, this, &AgentCard::copyPlainCommand);
}

void AgentCard::buildChoices() {
    m_models = new QComboBox;
    m_models->setObjectName(QStringLiteral("agentModel"));
    m_models->setAccessibleName(tr("Model"));
    m_models->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_models->setMinimumContentsLength(12);
    guardWheel(m_models);
    m_folder = new QLineEdit(QDir::homePath());
    m_folder->setObjectName(QStringLiteral("agentFolder"));
    m_folder->setAccessibleName(tr("Folder to work in"));
    m_folder->setReadOnly(true);
    m_choose = new QPushButton(tr("Choose ..."));
    m_choose->setObjectName(QStringLiteral("chooseFolder"));
    m_choose->setAccessibleName(tr("Choose the folder to work in"));
    auto* grid = new QGridLayout;
    grid->setColumnStretch(1, 1);
    grid->addWidget(new TextLabel(TextLabel::Style::Muted, tr("Model")), 0, 0);
    grid->addWidget(m_models, 0, 1, 1, 2);
    grid->addWidget(new TextLabel(TextLabel::Style::Muted, tr("Folder")), 1, 0);
    grid->addWidget(m_folder, 1, 1);
    grid->addWidget(m_choose, 1, 2);
    body()->addLayout(grid);
}

void AgentCard::buildButtons() {
    m_open = new QPushButton(tr("Open in terminal"));
    m_open->setObjectName(QStringLiteral("openInTerminal"));
    m_open->setProperty("primary", true);
    m_copy = new QPushButton(tr("Copy command"));
    m_copy->setObjectName(QStringLiteral("copyCommand"));
    m_copyPlain = new QPushButton(tr("Copy as plain command"));
    m_copyPlain->setObjectName(QStringLiteral("copyPlainCommand"));
    m_copyPlain->setToolTip(tr("The whole command with all that is set, for a shell or a script of your own."));
    auto* row = new QHBoxLayout;
    for (QPushButton* button : {m_open, m_copy, m_copyPlain}) row->addWidget(button);
    row->addStretch(1);
    body()->addLayout(row);
    m_note = new NoteLabel;
    m_note->setObjectName(QStringLiteral("agentNote"));
    body()->addWidget(m_note);
}

std::string AgentCard::chosenModel() const { return m_models->currentData().toString().toStdString(); }

void AgentCard::refresh() {
    const AgentServer server = agentServer(m_model.snapshot());
    showModels(server);
    askIfChanged(server);
    showButtons();
}

// In the order of the service: what is loaded comes first. What the user chose stays chosen.
void AgentCard::showModels(const AgentServer& server) {
    const auto labelOf = [](const AgentModel& model) {
        const QString name = QString::fromStdString(model.name);
        return model.contextTokens == 0 ? name : tr("%1 (%2 tokens)").arg(name, StatusText::count(model.contextTokens));
    };
    bool same = m_models->count() == static_cast<int>(server.models.size());
    for (int i = 0; same && i < m_models->count(); ++i) same = m_models->itemText(i) == labelOf(server.models[static_cast<std::size_t>(i)]);
    if (same) return;
    const QString chosen = m_models->currentData().toString();
    m_models->clear();
    for (const AgentModel& model : server.models) m_models->addItem(labelOf(model), QString::fromStdString(model.name));
    m_models->setCurrentIndex(std::max(0, m_models->findData(chosen)));
    Q_EMIT modelChosen();
}

void AgentCard::askIfChanged(const AgentServer& server) {
    const std::string name = chosenModel();
    const auto found = std::find_if(server.models.begin(), server.models.end(), [&](const AgentModel& model) { return model.name == name; });
    if (found == server.models.end()) return;
    Asked asked{server.address, server.apiKey, name, found->contextTokens, m_folder->text()};
    if (m_asked == asked) return;
    m_asked = std::move(asked);
    const std::uint64_t turn = ++m_turn;
    m_model.service().planAgent(m_agent, name, m_folder->text().toStdString(), m_model.reply<AgentPlan>(this, [this, turn](const Expected<AgentPlan>& answer) {
        if (turn == m_turn) show(answer);
    }));
}

void AgentCard::look() {
    m_asked.reset();
    refresh();
}

void AgentCard::show(const Expected<AgentPlan>& found) {
    if (!found.ok()) {
        m_plan.reset();
        m_note->set(StatusText::sentence(found.error().message), Tone::Bad);
        return showButtons();
    }
    m_plan = *found;
    const AgentInfo& agent = m_plan->agent;
    m_state->set(agent.detected ? tr("installed") : tr("not found"), agent.detected ? Tone::Good : Tone::Warning);
    m_place->setSentence(QString::fromStdString(agent.detected ? agent.program.string() : agent.installHint));
    m_again->setVisible(!agent.detected);
    m_note->set(QString());
    std::vector<std::string> warnings = m_plan->warnings;
    if (!agent.detected && !warnings.empty()) warnings.erase(warnings.begin());   // said by the badge and the hint
    showWarnings(warnings);
    showButtons();
    Q_EMIT planned(*m_plan);
}

void AgentCard::showWarnings(const std::vector<std::string>& warnings) {
    while (m_warningLabels.size() < warnings.size()) {
        m_warningLabels.push_back(new NoteLabel);
        m_warningLabels.back()->setObjectName(QStringLiteral("agentWarning"));
        m_warnings->addWidget(m_warningLabels.back());
    }
    for (std::size_t i = 0; i < m_warningLabels.size(); ++i)
        m_warningLabels[i]->set(i < warnings.size() ? StatusText::sentence(warnings[i]) : QString(), Tone::Warning);
}

void AgentCard::showButtons() {
    const bool running = m_model.snapshot().server == ServerState::Running;
    const bool installed = m_plan && m_plan->agent.detected;
    m_open->setEnabled(running && installed);
    m_open->setToolTip(!installed ? tr("The agent is not installed.") : !running ? tr("The server is not running.") : QString());
    m_copy->setEnabled(m_plan.has_value());
    m_copyPlain->setEnabled(m_plan.has_value());
}

void AgentCard::chooseFolder() {
    const auto chosen = Ask::folder(this, tr("Folder to work in"), m_folder->text());
    if (!chosen) return;
    m_folder->setText(*chosen);
    refresh();
}

void AgentCard::openInTerminal() {
    const QStringList command = launchCommand(QCoreApplication::applicationFilePath(), m_agent, chosenModel(), m_model.snapshot().settings);
    if (openTerminal(command, m_folder->text())) return m_note->set(tr("A terminal opens in %1.").arg(m_folder->text()));
    m_note->set(tr("No terminal program was found. Copy the command and run it in the one you use, or set TERMINAL to its name."), Tone::Warning);
}

void AgentCard::copyCommand() {
    const QString line = shellLine(launchCommand(larderForShell(), m_agent, chosenModel(), m_model.snapshot().settings));
    QApplication::clipboard()->setText(line);
    m_note->set(tr("Copied: %1").arg(line));
}

void AgentCard::copyPlainCommand() {
    if (!m_plan) return;
    const AgentServer server = agentServer(m_model.snapshot());
    QApplication::clipboard()->setText(QString::fromStdString(shellCommand(*m_plan, shellKey(server))));
    m_note->set(server.keyFile.empty() && !server.apiKey.empty() ? tr("Copied. Set LARDER_KEY to the API key before you run it.")
                                                                 : tr("Copied. The key is not in it: the shell reads it from its file."));
}

}  // namespace larder::ui
