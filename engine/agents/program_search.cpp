#include "engine/agents/program_search.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <system_error>

#include "engine/base/file.h"

namespace larder::agents {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostNpmrcBytes = 1 << 16;

// The prefix that ~/.npmrc sets for global packages; empty when it sets none.
fs::path npmrcPrefix(const fs::path& home) {
    const auto text = base::readFile(home / ".npmrc", kMostNpmrcBytes);
    if (!text) return {};
    for (std::size_t first = 0; first < text->size();) {
        const std::size_t end = std::min(text->find('\n', first), text->size());
        std::string line = text->substr(first, end - first);
        first = end + 1;
        std::erase_if(line, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"' || c == '\''; });
        constexpr std::string_view kKey = "prefix=";
        if (!line.starts_with(kKey)) continue;
        const std::string value = line.substr(kKey.size());
        for (const char* name : {"~/", "${HOME}/"})
            if (value.starts_with(name)) return home / value.substr(std::string_view(name).size());
        return value;
    }
    return {};
}

// Where npm puts programs of global packages. A desktop starts Larder without what a login shell adds to PATH, so the usual places are
// looked at too. On Linux npm's prefix is the folder above node's, which is in PATH itself then.
std::vector<fs::path> npmFolders(const Surroundings& around) {
    std::vector<fs::path> folders;
    for (const char* name : {"npm_config_prefix", "NPM_CONFIG_PREFIX"})
        if (const std::string prefix = around.variable(name); !prefix.empty()) folders.push_back(fs::path(prefix) / "bin");
    if (const fs::path prefix = npmrcPrefix(around.home()); !prefix.empty()) folders.push_back(prefix / "bin");
    folders.push_back(around.home() / ".npm-global" / "bin");
    std::vector<fs::path> versions;  // of nvm, by name: a newer one is found before an older one in most cases
    std::error_code error;
    for (fs::directory_iterator each(around.home() / ".nvm" / "versions" / "node", error), end; !error && each != end; each.increment(error))
        versions.push_back(each->path() / "bin");
    std::sort(versions.rbegin(), versions.rend());
    folders.insert(folders.end(), versions.begin(), versions.end());
    return folders;
}

}  // namespace

fs::path findProgram(const std::string& name, const std::vector<fs::path>& ownFolders, const Surroundings& surroundings) {
    std::vector<fs::path> folders = surroundings.searchPath();
    folders.insert(folders.end(), ownFolders.begin(), ownFolders.end());
    folders.push_back(surroundings.home() / ".local" / "bin");
    for (const fs::path& folder : npmFolders(surroundings)) folders.push_back(folder);
    for (fs::path& folder : folders) folder /= name;
    return firstProgram(folders);
}

std::string pathWithNode(const fs::path& program, const Surroundings& surroundings) {
    const fs::path folder = program.parent_path();
    std::vector<fs::path> reached = surroundings.searchPath();
    for (fs::path& each : reached) each /= "node";
    if (!firstProgram(reached).empty() || firstProgram({folder / "node"}).empty()) return {};
    return folder.string() + ":" + surroundings.variable("PATH");
}

}  // namespace larder::agents
