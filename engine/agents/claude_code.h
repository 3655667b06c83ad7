// Claude Code, the coding agent on the command line by Anthropic, on a local model: environment and arguments, nothing written.
// What it sends and why each variable is needed was measured with version 2.1.328. Any thread; looks at the disk.
#pragma once

#include <string>
#include <vector>

#include "engine/agents.h"
#include "engine/agents/surroundings.h"

namespace larder::agents {

inline constexpr const char* kClaudeCodeId = "claude";

AgentInfo findClaudeCode(const Surroundings& surroundings);

// more: the user's arguments. server.models: for what to recommend where the window is small.
AgentPlan planClaudeCode(const AgentServer& server, const AgentModel& model, const std::vector<std::string>& more,
                         const Surroundings& surroundings);

}  // namespace larder::agents
