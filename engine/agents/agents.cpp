// The coding agents that Larder can start, by id.
#include "engine/agents.h"

#include <algorithm>

#include "engine/agents/claude_code.h"
#include "engine/agents/surroundings.h"

namespace larder {
namespace {

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

Expected<AgentModel> chooseModel(const AgentServer& server, const std::string& name) {
    if (server.models.empty()) return Error{ErrorCode::NotFound, "there is no model to run an agent on: get one with larder pull"};
    if (name.empty())
        return *std::max_element(server.models.begin(), server.models.end(),
                                 [](const AgentModel& a, const AgentModel& b) { return a.contextTokens < b.contextTokens; });
    const auto found = std::find_if(server.models.begin(), server.models.end(), [&](const AgentModel& model) { return model.name == name; });
    if (found != server.models.end()) return *found;
    std::vector<std::string> names;
    for (const AgentModel& model : server.models) names.push_back(model.name);
    return Error{ErrorCode::NotFound, "there is no model \"" + name + "\"; there " + (names.size() == 1 ? "is " : "are ") + joined(names)};
}

}  // namespace

std::vector<AgentInfo> findAgents(const AgentSurroundings& surroundings) {
    return {agents::findClaudeCode(agents::Surroundings(surroundings))};
}

Expected<AgentPlan> planAgent(const std::string& id, const AgentServer& server, const std::string& model, const std::vector<std::string>& more,
                              const AgentSurroundings& surroundings) {
    if (id != agents::kClaudeCodeId)
        return Error{ErrorCode::NotFound, "Larder cannot start an agent \"" + id + "\"; it can start " + agents::kClaudeCodeId};
    const auto chosen = chooseModel(server, model);
    if (!chosen) return chosen.error();
    return agents::planClaudeCode(server, *chosen, more, agents::Surroundings(surroundings));
}

}  // namespace larder
