#include "engine/agents/claude_settings.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "engine/agents/json_settings.h"
#include "engine/agents/sentence.h"
#include "engine/base/json.h"

namespace larder::agents {
namespace {

namespace fs = std::filesystem;

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

void readClaudeSettings(const fs::path& file, AgentPlan& plan) {
    const auto document = readJsonSettings(file, plan);
    if (!document) return;
    const auto block = document->find("env");
    if (block == document->end() || !block->is_object()) return;
    const auto& set = plan.environment;
    for (const auto& [name, value] : block->items()) {
        const auto ours = std::find_if(set.begin(), set.end(), [&n = name](const AgentVariable& each) { return each.name == n; });
        if (ours != set.end() && ours->value != textOf(value))
            plan.warnings.push_back(sentence(LARDER_TEXT("AgentText", "%1 sets %2 in its \"env\" block, and that overrides what Larder sets: take it "
                                                                      "out while you use Larder."),
                                             {file.string(), name}));
        else if (ours == set.end() && leadsAway(name, textOf(value)))
            plan.warnings.push_back(sentence(LARDER_TEXT("AgentText", "%1 sets %2 in its \"env\" block, and that leads Claude Code away from Larder's "
                                                                      "model: take it out while you use Larder."),
                                             {file.string(), name}));
    }
}

}  // namespace

void warnOfClaudeSettings(const Surroundings& surroundings, AgentPlan& plan) {
    for (const fs::path& file : settingsFiles(surroundings)) readClaudeSettings(file, plan);
    for (const char* name : kLeadingAway)
        if (leadsAway(name, surroundings.variable(name)))
            plan.warnings.push_back(sentence(LARDER_TEXT("AgentText", "%1 is set in your environment, and that leads Claude Code away from Larder's "
                                                                      "model: unset it first."),
                                             {name}));
}

}  // namespace larder::agents
