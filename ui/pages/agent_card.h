// One coding agent: whether it is here, what speaks against the chosen model, the ways to start it and what is set for it; or how to
// install it. Asks the service for the plan whenever what it depends on changed. GUI thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ui/engine_model.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace larder::ui {

class AgentVariables;
class Badge;
class NoteLabel;
class TextLabel;

class AgentCard : public Card {
    Q_OBJECT

public:
    // agent: of knownAgents().
    AgentCard(EngineModel& model, const AgentInfo& agent, QWidget* parent = nullptr);

    void refresh(const AgentServer& server, const std::string& model, const QString& folder);
    void forget();           // what was found: the next refresh looks anew
    bool isInstalled() const { return m_installed; }
    std::vector<QPushButton*> buttons() const;   // as the keyboard reaches them

signals:
    void planned();
    void wantsLook();        // "Look again"

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

    QWidget* buildMissing();
    QWidget* buildFound();
    void ask();
    void show(const Expected<AgentPlan>& found);
    void showWarnings(const std::vector<AgentText>& warnings);
    void showButtons();
    void openInTerminal();
    void copyCommand();
    void copyPlainCommand();

    EngineModel& m_model;
    const AgentInfo m_agent;
    Badge* m_state;
    TextLabel* m_place;
    QWidget* m_missing;      // what is shown instead of the rest
    QWidget* m_found;
    QVBoxLayout* m_warnings;
    std::vector<NoteLabel*> m_warningLabels;
    QPushButton* m_open;
    AgentVariables* m_variables;
    NoteLabel* m_note;       // what came of the last click
    std::optional<Asked> m_asked;
    std::optional<AgentPlan> m_plan;
    bool m_installed = false;
    std::uint64_t m_turn = 0;  // of the latest question; older answers are dropped
};

}  // namespace larder::ui
