#include "engine/agents/claude_settings.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <system_error>

#include "engine/base/file.h"
#include "engine/base/json.h"

namespace larder::agents {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 1 << 20;

// Nothing that Larder sets, but with it Claude Code asks another service, or another model.
constexpr std::array kLeadingAway = {"CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY",
                                     "ANTHROPIC_SMALL_FAST_MODEL"};

bool leadsAway(const std::string& name, const std::string& value) {
    const bool off = value.empty() || value == "0" || value == "false" || value == "no" || value == "off";
    return !off && std::find(kLeadingAway.begin(), kLeadingAway.end(), name) != kLeadingAway.end();
}

std::vector<fs::path> settingsFiles(const Surroundings& around) {
    const std::string moved = around.variable("CLAUDE_CONFIG_DIR");
    const fs::path own = moved.empty() ? around.home() / ".claude" : fs::path(moved);
    const fs::path project = around.workingFolder() / ".claude";
    std::vector<fs::path> files = {around.systemFolder() / "claude-code" / "managed-settings.json"};
    for (const fs::path& folder : {own, project})
        for (const char* name : {"settings.json", "settings.local.json"})
            if (const fs::path file = folder / name; std::find(files.begin(), files.end(), file) == files.end()) files.push_back(file);
    return files;
}

std::string textOf(const base::Json& value) { return value.is_string() ? value.get<std::string>() : base::dumpJson(value); }

void readFile(const fs::path& file, const std::vector<AgentVariable>& environment, std::vector<std::string>& warnings) {
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return;
    const auto text = base::readFile(file, kMostBytes);
    if (!text) return warnings.push_back(text.error().message + "; what Claude Code takes from there is not known.");
    const auto document = base::parseJson(*text);
    if (!document || !document->is_object())
        return warnings.push_back(file.string() + " is not valid JSON; what Claude Code takes from there is not known.");
    const auto block = document->find("env");
    if (block == document->end() || !block->is_object()) return;
    for (const auto& [name, value] : block->items()) {
        const auto ours = std::find_if(environment.begin(), environment.end(), [&n = name](const AgentVariable& each) { return each.name == n; });
        if (ours != environment.end() && ours->value != textOf(value))
            warnings.push_back(file.string() + " sets " + name + " in its \"env\" block, and that overrides what Larder sets: take it out "
                                                                 "while you use Larder.");
        else if (ours == environment.end() && leadsAway(name, textOf(value)))
            warnings.push_back(file.string() + " sets " + name + " in its \"env\" block, and that leads Claude Code away from Larder's model: "
                                                                 "take it out while you use Larder.");
    }
}

}  // namespace

std::vector<std::string> claudeSettingsWarnings(const std::vector<AgentVariable>& environment, const Surroundings& surroundings) {
    std::vector<std::string> warnings;
    for (const fs::path& file : settingsFiles(surroundings)) readFile(file, environment, warnings);
    for (const char* name : kLeadingAway)
        if (leadsAway(name, surroundings.variable(name)))
            warnings.push_back(std::string(name) + " is set in your environment, and that leads Claude Code away from Larder's model: "
                                                   "unset it first.");
    return warnings;
}

}  // namespace larder::agents
