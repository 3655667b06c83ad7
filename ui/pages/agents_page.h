// Coding agents on this machine, started on a local model with one click, and how other programs reach the server. GUI thread
// only.
#pragma once

#include <QWidget>
#include <vector>

#include "ui/engine_model.h"

class QVBoxLayout;

namespace larder::ui {

class AgentCard;
class AgentChoices;
class Banner;
class Card;
class SnippetsCard;

class AgentsPage : public QWidget {
    Q_OBJECT

public:
    explicit AgentsPage(EngineModel& model, QWidget* parent = nullptr);

signals:
    void modelsWanted();     // "Get a model"

protected:
    void showEvent(QShowEvent* event) override;

private:
    void build();
    QWidget* buildNoModel();
    void refresh();          // from the snapshot; only while visible
    void order();            // installed ones first
    void lookAnew();         // for all of them
    void showState();

    EngineModel& m_model;
    Banner* m_state;         // that the server does not run
    QWidget* m_noModel;
    AgentChoices* m_choices;
    QWidget* m_agents;
    QVBoxLayout* m_column;   // of m_agents
    std::vector<AgentCard*> m_cards;   // in the order they are shown
    SnippetsCard* m_snippets;
};

}  // namespace larder::ui
