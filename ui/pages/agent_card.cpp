#include "ui/pages/agent_card.h"

#include <QApplication>
#include <QClipboard>
#include <QPushButton>
#include <algorithm>

#include "ui/agent_text.h"
#include "ui/look.h"
#include "ui/pages/agent_variables.h"
#include "ui/pages/launch_command.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/terminal.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/note_label.h"

namespace larder::ui {

AgentCard::AgentCard(EngineModel& model, const AgentInfo& agent, QWidget* parent)
    : Card(QString::fromStdString(agent.name), parent), m_model(model), m_agent(agent), m_state(new Badge),
      m_place(new TextLabel(TextLabel::Style::Muted)) {
    setObjectName(QStringLiteral("agentCard-") + QString::fromStdString(agent.id));
    m_state->setObjectName(QStringLiteral("agentState"));
    header()->addWidget(m_state);
    m_place->setObjectName(QStringLiteral("agentPlace"));
    m_place->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_missing = buildMissing();
    m_found = buildFound();
    body()->addWidget(m_missing);
    body()->addWidget(m_found);
    m_note = new NoteLabel;
    m_note->setObjectName(QStringLiteral("agentNote"));
    body()->addWidget(m_note);
    showButtons();
}

QWidget* AgentCard::buildMissing() {
    auto* missing = new QWidget;
    auto* row = new QHBoxLayout(missing);
    row->setContentsMargins(0, 0, 0, 0);
    auto* copy = new QPushButton(tr("Copy"));
    copy->setObjectName(QStringLiteral("copyInstallCommand"));
    copy->setAccessibleName(tr("Copy the command that installs %1").arg(QString::fromStdString(m_agent.name)));
    copy->setToolTip(copy->accessibleName());
    auto* again = new QPushButton(tr("Look again"));
    again->setAccessibleName(tr("Look for %1 again").arg(QString::fromStdString(m_agent.name)));
    again->setObjectName(QStringLiteral("lookAgain"));
    auto* hint = new TextLabel(TextLabel::Style::Muted);
    hint->setObjectName(QStringLiteral("installHint"));
    hint->setTextInteractionFlags(Qt::TextSelectableByMouse);
    hint->setSentence(tr("Install it with: %1").arg(QString::fromStdString(m_agent.installCommand)));
    row->addWidget(hint, 1);
    row->addWidget(copy, 0, Qt::AlignVCenter);
    row->addWidget(again, 0, Qt::AlignVCenter);
    connect(copy, &QPushButton::clicked, this, [this] {
        QApplication::clipboard()->setText(QString::fromStdString(m_agent.installCommand));
        m_note->set(tr("Copied."));
    });
    connect(again, &QPushButton::clicked, this, &AgentCard::wantsLook);
    return missing;
}

QWidget* AgentCard::buildFound() {
    const Look& look = Look::instance();
    auto* found = new QWidget;
    auto* column = new QVBoxLayout(found);
    column->setContentsMargins(0, 0, 0, 0);
    m_warnings = new QVBoxLayout;
    m_warnings->setSpacing(look.space(2));
    m_open = new QPushButton(tr("Open in terminal"));
    m_open->setObjectName(QStringLiteral("openInTerminal"));
    m_open->setProperty("primary", true);
    auto* copy = new QPushButton(tr("Copy command"));
    copy->setObjectName(QStringLiteral("copyCommand"));
    auto* copyPlain = new QPushButton(tr("Copy as plain command"));
    copyPlain->setObjectName(QStringLiteral("copyPlainCommand"));
    copyPlain->setToolTip(tr("The whole command with all that is set, for a shell or a script of your own."));
    m_variables = new AgentVariables(QString::fromStdString(m_agent.name));
    auto* row = new QHBoxLayout;
    row->addWidget(m_open);
    row->addWidget(copy);
    row->addStretch(1);
    m_variables->addAction(copyPlain);
    row->addWidget(m_variables->toggle());
    column->addWidget(m_place);
    column->addLayout(m_warnings);
    column->addLayout(row);
    column->addWidget(m_variables);
    connect(m_open, &QPushButton::clicked, this, &AgentCard::openInTerminal);
    connect(copy, &QPushButton::clicked, this, &AgentCard::copyCommand);
    connect(copyPlain, &QPushButton::clicked, this, &AgentCard::copyPlainCommand);
    return found;
}

std::vector<QPushButton*> AgentCard::buttons() const {
    const auto found = findChildren<QPushButton*>();
    return {found.begin(), found.end()};
}

void AgentCard::forget() { m_asked.reset(); }

void AgentCard::refresh(const AgentServer& server, const std::string& model, const QString& folder) {
    showButtons();
    const auto found = std::find_if(server.models.begin(), server.models.end(), [&](const AgentModel& each) { return each.name == model; });
    if (found == server.models.end()) return;
    Asked asked{server.address, server.apiKey, model, found->contextTokens, folder};
    if (m_asked == asked) return;
    m_asked = std::move(asked);
    ask();
}

void AgentCard::ask() {
    const std::uint64_t turn = ++m_turn;
    m_model.service().planAgent(m_agent.id, m_asked->model, m_asked->folder.toStdString(),
                                m_model.reply<AgentPlan>(this, [this, turn](const Expected<AgentPlan>& answer) {
                                    if (turn == m_turn) show(answer);
                                }));
}

void AgentCard::show(const Expected<AgentPlan>& found) {
    if (!found.ok()) {
        m_plan.reset();
        m_note->set(StatusText::sentence(found.error().message), Tone::Bad);
        return showButtons();
    }
    m_plan = *found;
    m_installed = m_plan->agent.detected;
    m_state->set(m_installed ? tr("installed") : tr("not found"), m_installed ? Tone::Good : Tone::Neutral);
    m_place->setSentence(QString::fromStdString(m_plan->agent.program.string()));
    m_note->set(QString());
    showWarnings(m_plan->warnings);
    m_variables->show(*m_plan);
    showButtons();
    Q_EMIT planned();
}

void AgentCard::showWarnings(const std::vector<AgentText>& warnings) {
    while (m_warningLabels.size() < warnings.size()) {
        m_warningLabels.push_back(new NoteLabel);
        m_warningLabels.back()->setObjectName(QStringLiteral("agentWarning"));
        m_warnings->addWidget(m_warningLabels.back());
    }
    for (std::size_t i = 0; i < m_warningLabels.size(); ++i)
        m_warningLabels[i]->set(i < warnings.size() ? agentText(warnings[i]) : QString(), Tone::Warning);
}

void AgentCard::showButtons() {
    const bool running = m_model.snapshot().server == ServerState::Running;
    m_found->setVisible(m_installed);
    m_missing->setVisible(m_plan && !m_installed);
    m_open->setEnabled(running);
    m_open->setToolTip(running ? QString() : tr("The server is not running."));
}

void AgentCard::openInTerminal() {
    const QStringList command = launchCommand(QCoreApplication::applicationFilePath(), m_agent.id, m_asked->model, m_model.snapshot().settings);
    if (openTerminal(command, m_asked->folder)) return m_note->set(tr("A terminal opens in %1.").arg(m_asked->folder));
    m_note->set(tr("No terminal program was found. Copy the command and run it in the one you use, or set TERMINAL to its name."), Tone::Warning);
}

void AgentCard::copyCommand() {
    const QString line = shellLine(launchCommand(larderForShell(), m_agent.id, m_asked->model, m_model.snapshot().settings));
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
