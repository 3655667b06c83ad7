// What is set for an agent and why: one line for the command, one for each variable. Folded until asked for. GUI thread only.
#pragma once

#include <vector>

#include "engine/agents.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace larder::ui {

class TextLabel;

class AgentVariables : public Card {
    Q_OBJECT

public:
    explicit AgentVariables(QWidget* parent = nullptr);
    void show(const AgentPlan& plan);

private:
    class Row;
    void fold();
    Row* rowAt(std::size_t number);

    QPushButton* m_toggle;
    QWidget* m_list;
    QVBoxLayout* m_rowLayout;
    std::vector<Row*> m_rows;
};

}  // namespace larder::ui
