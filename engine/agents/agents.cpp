// The coding agents that Larder can start, and what is the same for all of them.
#include "engine/agents.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/agents/agent.h"
#include "engine/agents/program_search.h"
#include "engine/agents/sentence.h"
#include "engine/agents/surroundings.h"
#include "engine/agents/window_warning.h"
#include "engine/base/file.h"

namespace larder {
namespace {

using agents::Agent;
using agents::Surroundings;

// In the order to show them.
constexpr std::array kAgents = {&agents::kClaudeCode, &agents::kCodex, &agents::kOpenCode, &agents::kQwenCode};

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

AgentInfo describe(const Agent& agent) {
    AgentInfo info;
    info.id = agent.id;
    info.name = agent.name;
    info.installCommand = std::string("npm install -g ") + agent.package;
    return info;
}

AgentInfo find(const Agent& agent, const Surroundings& surroundings) {
    AgentInfo info = describe(agent);
    info.program = agents::findProgram(agent.program, agent.ownFolders(surroundings), surroundings);
    info.detected = !info.program.empty();
    return info;
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

// What holds for every agent, before its own warnings.
void warn(const Agent& agent, const AgentServer& server, AgentPlan& plan) {
    if (!plan.agent.detected)
        plan.warnings.push_back(agents::sentence(LARDER_TEXT("AgentText", "%1 was not found on this machine. Install it with: %2"),
                                                 {plan.agent.name, plan.agent.installCommand}));
    if (AgentText window = agents::windowWarning(agent, server, plan.model); !window.empty()) plan.warnings.push_back(std::move(window));
}

}  // namespace

std::vector<AgentInfo> knownAgents() {
    std::vector<AgentInfo> known;
    for (const Agent* agent : kAgents) known.push_back(describe(*agent));
    return known;
}

std::vector<AgentInfo> findAgents(const AgentSurroundings& surroundings) {
    const Surroundings around(surroundings);
    std::vector<AgentInfo> found;
    for (const Agent* agent : kAgents) found.push_back(find(*agent, around));
    return found;
}

Expected<AgentPlan> planAgent(const std::string& id, const AgentServer& server, const std::string& model, const std::vector<std::string>& more,
                              const AgentSurroundings& surroundings) {
    const auto known = std::find_if(kAgents.begin(), kAgents.end(), [&](const Agent* agent) { return agent->id == id; });
    if (known == kAgents.end()) {
        std::vector<std::string> ids;
        for (const Agent* agent : kAgents) ids.emplace_back(agent->id);
        return Error{ErrorCode::NotFound, "Larder cannot start an agent \"" + id + "\"; it can start " + joined(ids)};
    }
    const auto chosen = chooseModel(server, model);
    if (!chosen) return chosen.error();
    const Agent& agent = **known;
    const Surroundings around(surroundings);
    AgentPlan plan;
    plan.agent = find(agent, around);
    plan.model = *chosen;
    warn(agent, server, plan);
    agent.setUp({server, *chosen, more, around}, plan);
    if (std::string path = agents::pathWithNode(plan.agent.program, around); !path.empty())
        agents::setVariable(plan, "PATH", std::move(path),
            {LARDER_TEXT("AgentText", "The program needs Node, which lies beside it and is not in your PATH.")});
    plan.arguments.insert(plan.arguments.end(), more.begin(), more.end());
    return plan;
}

Expected<void> writeAgentFiles(const AgentPlan& plan) {
    for (const AgentFile& file : plan.files) {
        if (auto made = base::makeFolder(file.path.parent_path(), 0700); !made) return made.error();
        if (auto written = base::writeFileAtomically(file.path, file.text, 0600); !written) return written.error();
    }
    return {};
}

}  // namespace larder
