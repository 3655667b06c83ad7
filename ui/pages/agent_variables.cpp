#include "ui/pages/agent_variables.h"

#include <QFontDatabase>
#include <QPushButton>

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

AgentVariables::AgentVariables(QWidget* parent)
    : Card(tr("What Larder sets for it"), parent), m_toggle(new QPushButton), m_list(new QWidget), m_rowLayout(new QVBoxLayout(m_list)) {
    setObjectName(QStringLiteral("agentVariables"));
    m_toggle->setObjectName(QStringLiteral("showVariables"));
    m_toggle->setCheckable(true);
    header()->addWidget(m_toggle);
    auto* note = new TextLabel(TextLabel::Style::Muted);
    note->setSentence(tr("For the one process that is started, in its environment. No file of the agent is written."));
    body()->addWidget(note);
    m_rowLayout->setContentsMargins(0, Look::instance().space(1), 0, 0);
    m_rowLayout->setSpacing(Look::instance().space(2));
    body()->addWidget(m_list);
    connect(m_toggle, &QPushButton::toggled, this, &AgentVariables::fold);
    fold();
}

void AgentVariables::fold() {
    const bool shown = m_toggle->isChecked();
    m_list->setVisible(shown);
    m_toggle->setText(shown ? tr("Hide") : tr("Show"));
    m_toggle->setAccessibleName(shown ? tr("Hide what is set") : tr("Show what is set"));
}

AgentVariables::Row* AgentVariables::rowAt(std::size_t number) {
    while (m_rows.size() <= number) {
        m_rows.push_back(new Row);
        m_rowLayout->addWidget(m_rows.back());
    }
    return m_rows[number];
}

void AgentVariables::show(const AgentPlan& plan) {
    std::string command = plan.agent.id;
    for (const std::string& argument : plan.arguments) command += ' ' + larder::shellQuoted(argument);
    rowAt(0)->show(QString::fromStdString(command), tr("The command itself. Arguments of your own can follow."));
    for (std::size_t i = 0; i < plan.environment.size(); ++i) {
        const AgentVariable& variable = plan.environment[i];
        const QString value = variable.secret ? QString(12, QChar(0x2022)) : QString::fromStdString(variable.value);
        rowAt(i + 1)->show(QString::fromStdString(variable.name) + QLatin1Char('=') + value, QString::fromStdString(variable.why));
    }
    for (std::size_t i = 0; i < m_rows.size(); ++i) m_rows[i]->setVisible(i <= plan.environment.size());
}

}  // namespace larder::ui
