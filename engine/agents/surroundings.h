// What an agent is looked for in: environment, home, working folder. The real ones where AgentSurroundings has none. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/agents.h"

namespace larder::agents {

class Surroundings {
public:
    explicit Surroundings(const AgentSurroundings& given);

    std::string variable(const std::string& name) const;  // empty: not set, or set to nothing
    const std::filesystem::path& home() const { return m_home; }
    const std::filesystem::path& workingFolder() const { return m_workingFolder; }
    const std::filesystem::path& systemFolder() const { return m_systemFolder; }

    std::vector<std::filesystem::path> searchPath() const;  // the folders of PATH, in order

private:
    std::function<std::optional<std::string>(const std::string&)> m_environment;
    std::filesystem::path m_home;
    std::filesystem::path m_workingFolder;
    std::filesystem::path m_systemFolder;
};

// The first of these that is a file somebody may execute; empty when there is none.
std::filesystem::path firstProgram(const std::vector<std::filesystem::path>& candidates);

}  // namespace larder::agents
