// Where an agent's program lies: in PATH, or where installers put it. Any thread; looks at the disk.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/agents/surroundings.h"

namespace larder::agents {

// In PATH first, then in the folders of its own installer, then where npm puts programs. Empty: not found.
std::filesystem::path findProgram(const std::string& name, const std::vector<std::filesystem::path>& ownFolders, const Surroundings& surroundings);

// PATH with the program's folder in front where the program lies beside a node that PATH does not reach: a script of npm starts with
// "env node". Empty: PATH is good as it is.
std::string pathWithNode(const std::filesystem::path& program, const Surroundings& surroundings);

}  // namespace larder::agents
