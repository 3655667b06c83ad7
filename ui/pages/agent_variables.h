// What is set for an agent and why: one line for the command, one for each variable and each file. Folded until asked for. GUI thread only.
#pragma once

#include <QWidget>
#include <vector>

#include "engine/agents.h"

class QHBoxLayout;
class QPushButton;
class QVBoxLayout;

namespace larder::ui {

class AgentVariables : public QWidget {
    Q_OBJECT

public:
    explicit AgentVariables(const QString& agent, QWidget* parent = nullptr);
    QPushButton* toggle() { return m_toggle; }   // to be placed by the owner; it unfolds this
    void addAction(QPushButton* button);         // beside what is said of it all
    void show(const AgentPlan& plan);

private:
    class Row;
    void fold();
    void showRow(const std::string& setting, const QString& why);

    const QString m_agent;
    QPushButton* m_toggle;
    QHBoxLayout* m_top;
    QVBoxLayout* m_rowLayout;
    std::vector<Row*> m_rows;
    std::size_t m_shown = 0;
};

}  // namespace larder::ui
