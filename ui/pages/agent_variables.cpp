#include "ui/pages/agent_variables.h"

#include <QFontDatabase>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/agent_text.h"
#include "ui/look.h"
#include "ui/pages/text_label.h"

namespace larder::ui {

// "NAME=value", and why below it.
class AgentVariables::Row : public QWidget {
public:
    Row() : m_setting(new TextLabel(TextLabel::Style::Body)), m_why(new TextLabel(TextLabel::Style::Small)) {
        setObjectName(QStringLiteral("agentVariable"));
        m_setting->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(m_setting);
        column->addWidget(m_why);
    }
    void show(const QString& setting, const QString& why) {
        m_setting->setElided(setting);
        m_why->setSentence(why);
    }

private:
    TextLabel* m_setting;
    TextLabel* m_why;
};

AgentVariables::AgentVariables(const QString& agent, QWidget* parent)
    : QWidget(parent), m_agent(agent), m_toggle(new QPushButton), m_top(new QHBoxLayout), m_rowLayout(new QVBoxLayout(this)) {
    setObjectName(QStringLiteral("agentVariables"));
    m_toggle->setObjectName(QStringLiteral("showVariables"));
    m_toggle->setCheckable(true);
    m_rowLayout->setContentsMargins(0, Look::instance().space(1), 0, 0);
    m_rowLayout->setSpacing(Look::instance().space(2));
    auto* note = new TextLabel(TextLabel::Style::Muted);
    note->setSentence(tr("What Larder sets, for the one process that is started. No file of the agent is written."));
    m_top->addWidget(note, 1);
    m_rowLayout->addLayout(m_top);
    connect(m_toggle, &QPushButton::toggled, this, &AgentVariables::fold);
    fold();
}

void AgentVariables::addAction(QPushButton* button) { m_top->addWidget(button, 0, Qt::AlignVCenter); }

void AgentVariables::fold() {
    const bool shown = m_toggle->isChecked();
    setVisible(shown);
    m_toggle->setText(shown ? tr("Hide details") : tr("Details"));
    m_toggle->setAccessibleName(shown ? tr("Hide what is set for %1").arg(m_agent) : tr("Show what is set for %1").arg(m_agent));
}

void AgentVariables::showRow(const std::string& setting, const QString& why) {
    if (m_rows.size() == m_shown) {
        m_rows.push_back(new Row);
        m_rowLayout->addWidget(m_rows.back());
    }
    m_rows[m_shown]->show(QString::fromStdString(setting), why);
    m_rows[m_shown++]->setVisible(true);
}

void AgentVariables::show(const AgentPlan& plan) {
    std::string command = plan.agent.id;
    for (const std::string& argument : plan.arguments) command += ' ' + larder::shellQuoted(argument);
    m_shown = 0;
    const QString own = tr("Arguments of your own can follow.");
    showRow(command, plan.argumentsWhy.empty() ? own : agentText(plan.argumentsWhy) + QLatin1Char(' ') + own);
    for (const AgentVariable& variable : plan.environment)
        showRow(variable.name + "=" + (variable.secret ? QString(12, QChar(0x2022)).toStdString() : variable.value), agentText(variable.why));
    for (const AgentFile& file : plan.files) showRow(file.path.string(), agentText(file.why));
    for (std::size_t i = m_shown; i < m_rows.size(); ++i) m_rows[i]->setVisible(false);
}

}  // namespace larder::ui
