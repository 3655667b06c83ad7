// Settings files of agents, which allow comments: read, never written. Any thread; blocks on the disk.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "engine/agents.h"
#include "engine/base/json.h"

namespace larder::agents {

// The object in the file. None where there is no file; where it cannot be read, the plan gets a warning too.
std::optional<base::Json> readJsonSettings(const std::filesystem::path& file, AgentPlan& plan);

}  // namespace larder::agents
