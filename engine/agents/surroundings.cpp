#include "engine/agents/surroundings.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

namespace larder::agents {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> variableOfProcess(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool isProgram(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (error || !fs::is_regular_file(status)) return false;
    constexpr fs::perms kAnyExecute = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
    return (status.permissions() & kAnyExecute) != fs::perms::none;
}

}  // namespace

Surroundings::Surroundings(const AgentSurroundings& given)
    : m_environment(given.environment ? given.environment : variableOfProcess),
      m_home(given.home),
      m_workingFolder(given.workingFolder),
      m_systemFolder(given.systemFolder.empty() ? fs::path("/etc") : given.systemFolder) {
    if (m_home.empty()) m_home = variable("HOME");
    std::error_code error;
    if (m_workingFolder.empty()) m_workingFolder = fs::current_path(error);
}

std::string Surroundings::variable(const std::string& name) const { return m_environment(name).value_or(std::string()); }

std::vector<fs::path> Surroundings::searchPath() const {
    std::vector<fs::path> folders;
    const std::string path = variable("PATH");
    for (std::size_t first = 0; first < path.size();) {
        const std::size_t end = std::min(path.find(':', first), path.size());
        if (end > first) folders.emplace_back(path.substr(first, end - first));
        first = end + 1;
    }
    return folders;
}

fs::path firstProgram(const std::vector<fs::path>& candidates) {
    for (const fs::path& candidate : candidates)
        if (isProgram(candidate)) return candidate;
    return {};
}

}  // namespace larder::agents
