// What Codex is given by -c: for starting it and for the command to copy. Any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/agents.h"

namespace larder::agents {

// Keys and values as TOML has them, in order. The key for the server is in kKeyVariable.
std::vector<std::pair<std::string, std::string>> codexSettings(const std::string& address, const AgentModel& model);

}  // namespace larder::agents
