#include "engine/agents/window_warning.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "engine/agents/sentence.h"

namespace larder::agents {
namespace {

// Models with more room, the largest first; else how to get some.
AgentSentence roomierModels(const Agent& agent, const AgentServer& server, const AgentModel& model) {
    std::vector<AgentModel> larger;
    for (const AgentModel& each : server.models)
        if (each.contextTokens >= agent.need.comfortable && each.name != model.name) larger.push_back(each);
    if (larger.empty())
        return {LARDER_TEXT("AgentText", "No model here has more room: if this one was trained for more, start the server with --context (and "
                                         "--hot-cache for the memory), or get a model with a larger window.")};
    std::stable_sort(larger.begin(), larger.end(), [](const AgentModel& a, const AgentModel& b) { return a.contextTokens > b.contextTokens; });
    std::string names;
    for (const AgentModel& each : larger) names += (names.empty() ? "" : ", ") + each.name + " (" + std::to_string(each.contextTokens) + ")";
    return {larger.size() == 1 ? LARDER_TEXT("AgentText", "With more room there is, in tokens: %1.")
                               : LARDER_TEXT("AgentText", "With more room there are, in tokens: %1."),
            {names}};
}

}  // namespace

AgentText windowWarning(const Agent& agent, const AgentServer& server, const AgentModel& model) {
    const std::size_t window = model.contextTokens;
    if (window == 0)
        return sentence(LARDER_TEXT("AgentText", "The window of %1 is not known; %2 goes by its own guess, and may summarise too late."),
                        {model.name, agent.name});
    if (window >= agent.need.comfortable) return {};
    const std::size_t keptFree = agent.need.keptFree(window);
    const bool works = window >= keptFree + agent.need.firstRequest;
    return {{LARDER_TEXT("AgentText", "The window of %1 has %2 tokens. %3's first request alone takes %4 or more, and it keeps %5 free."),
             {model.name, std::to_string(window), agent.name, std::to_string(agent.need.firstRequest), std::to_string(keptFree)}},
            {works ? LARDER_TEXT("AgentText", "It will summarise the conversation every few turns.") : LARDER_TEXT("AgentText", "It will not work.")},
            roomierModels(agent, server, model)};
}

}  // namespace larder::agents
