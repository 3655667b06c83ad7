#include "engine/agents/agent.h"

#include <algorithm>
#include <utility>

#include "engine/agents/sentence.h"

namespace larder::agents {
namespace {

constexpr std::size_t kMostOutputTokens = 32'000;

}  // namespace

std::size_t outputTokens(std::size_t window) { return std::min(window / 8, kMostOutputTokens); }

void setVariable(AgentPlan& plan, std::string name, std::string value, AgentSentence why, bool secret) {
    plan.environment.push_back({std::move(name), std::move(value), {std::move(why)}, secret});
}

bool asksForKey(const AgentServer& server) { return !server.apiKey.empty() || !server.keyFile.empty(); }

std::string keyOrAny(const AgentServer& server) { return server.apiKey.empty() ? "larder" : server.apiKey; }

void setKeyVariable(AgentPlan& plan, const AgentServer& server) {
    const bool asks = asksForKey(server);
    setVariable(plan, kKeyVariable, keyOrAny(server),
                asks ? AgentSentence{LARDER_TEXT("AgentText", "Larder's API key.")}
                     : AgentSentence{LARDER_TEXT("AgentText", "%1 asks for a key unless there is one; Larder asks for none."), {plan.agent.name}},
                asks);
}

}  // namespace larder::agents
