// One coding agent: whether it is here, on which model and in which folder to start it, what speaks against that, and the ways to
// start it. Asks the service for the plan whenever what it depends on changed. GUI thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ui/engine_model.h"
#include "ui/widgets/card.h"

class QComboBox;
class QLineEdit;
class QPushButton;

namespace larder::ui {

class Badge;
class NoteLabel;
class TextLabel;

class AgentCard : public Card {
    Q_OBJECT

public:
    AgentCard(EngineModel& model, const std::string& agent, const QString& name, QWidget* parent = nullptr);

    void refresh();         // the snapshot
    void look();            // for the agent, and at its settings, anew
    std::string chosenModel() const;

signals:
    void planned(const AgentPlan& plan);
    void modelChosen();

private:
    // What a plan depends on besides what is on the disk.
    struct Asked {
        std::string address;
        std::string apiKey;
        std::string model;
        std::size_t contextTokens = 0;
        QString folder;
        bool operator==(const Asked&) const = default;
    };

    void build();
    void buildChoices();
    void buildButtons();
    void showModels(const AgentServer& server);
    void askIfChanged(const AgentServer& server);
    void show(const Expected<AgentPlan>& found);
    void showWarnings(const std::vector<std::string>& warnings);
    void showButtons();
    void chooseFolder();
    void openInTerminal();
    void copyCommand();
    void copyPlainCommand();

    EngineModel& m_model;
    const std::string m_agent;
    Badge* m_state;
    TextLabel* m_place;
    QPushButton* m_again;
    QComboBox* m_models;
    QLineEdit* m_folder;
    QPushButton* m_choose;
    QVBoxLayout* m_warnings;
    std::vector<NoteLabel*> m_warningLabels;
    QPushButton* m_open;
    QPushButton* m_copy;
    QPushButton* m_copyPlain;
    NoteLabel* m_note;       // what came of the last click
    std::optional<Asked> m_asked;
    std::optional<AgentPlan> m_plan;
    std::uint64_t m_turn = 0;  // of the latest question; older answers are dropped
};

}  // namespace larder::ui
