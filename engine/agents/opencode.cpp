// OpenCode: settings as JSON in a variable, which wins over its files key by key. Measured with 1.18.33.
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>

#include "engine/agents/agent.h"
#include "engine/agents/json_settings.h"
#include "engine/agents/sentence.h"
#include "engine/base/json.h"

namespace larder::agents {
namespace {

namespace fs = std::filesystem;

constexpr const char* kContentVariable = "OPENCODE_CONFIG_CONTENT";

std::size_t openCodeKeptFree(std::size_t window) { return outputTokens(window); }

std::vector<fs::path> openCodeFolders(const Surroundings& around) { return {around.home() / ".opencode" / "bin"}; }

// Only Larder's models can be chosen: titles and the like would go elsewhere.
base::Json openCodeSettings(const PlanInput& input) {
    const std::string model = "larder/" + input.model.name;
    base::Json one;
    one["name"] = input.model.name;
    if (const std::size_t window = input.model.contextTokens; window > 0) one["limit"] = {{"context", window}, {"output", outputTokens(window)}};
    base::Json provider;
    provider["npm"] = "@ai-sdk/openai-compatible";   // part of its program
    provider["name"] = "Larder";
    provider["options"] = {{"baseURL", input.server.address + "/v1"}, {"apiKey", std::string("{env:") + kKeyVariable + "}"}};
    provider["models"][input.model.name] = std::move(one);
    base::Json settings;
    settings["model"] = model;
    settings["small_model"] = model;
    settings["enabled_providers"] = base::Json::array({"larder"});
    settings["disabled_providers"] = base::Json::array();
    settings["provider"]["larder"] = std::move(provider);
    settings["autoupdate"] = false;
    return settings;
}

// An agent of the user's that has a model of its own: its provider is not offered.
void warnOfOwnModels(const fs::path& file, const base::Json& document, AgentPlan& plan) {
    for (const char* block : {"agent", "mode"}) {
        const auto found = document.find(block);
        if (found == document.end() || !found->is_object()) continue;
        for (const auto& [name, agent] : found->items())
            if (agent.is_object() && agent.contains("model"))
                plan.warnings.push_back(sentence(
                    LARDER_TEXT("AgentText", "%1 gives the agent \"%2\" a model of its own, which is not there while you use Larder."),
                    {file.string(), name}));
    }
}

// Those of administrators win over the variable.
void warnOfManaged(const fs::path& file, const base::Json& document, AgentPlan& plan) {
    for (const char* key : {"model", "small_model", "enabled_providers", "disabled_providers"})
        if (document.contains(key))
            plan.warnings.push_back(sentence(
                LARDER_TEXT("AgentText", "%1 sets %2, and that overrides what Larder sets."), {file.string(), key}));
}

void warnOfSettings(const PlanInput& input, AgentPlan& plan) {
    const Surroundings& around = input.surroundings;
    const std::string moved = around.variable("XDG_CONFIG_HOME");
    const fs::path own = (moved.empty() ? around.home() / ".config" : fs::path(moved)) / "opencode";
    const auto look = [&](const fs::path& folder, bool managed) {
        for (const char* name : {"opencode.json", "opencode.jsonc"}) {
            const auto document = readJsonSettings(folder / name, plan);
            if (!document) continue;
            warnOfOwnModels(folder / name, *document, plan);
            if (managed) warnOfManaged(folder / name, *document, plan);
        }
    };
    look(own, false);
    look(around.workingFolder(), false);
    look(around.systemFolder() / "opencode", true);
    if (!around.variable(kContentVariable).empty())
        plan.warnings.push_back(sentence(
            LARDER_TEXT("AgentText", "%1 is set in your environment; Larder puts its own in its place."), {kContentVariable}));
}

void setUpOpenCode(const PlanInput& input, AgentPlan& plan) {
    setKeyVariable(plan, input.server);
    setVariable(plan, kContentVariable, base::dumpJson(openCodeSettings(input)),
                {LARDER_TEXT("AgentText", "Larder as the only provider, the model with its real window, titles by the same model, no updates; your "
                                          "opencode.json holds for everything else.")});
    setVariable(plan, "OPENCODE_DISABLE_MODELS_FETCH", "1", {LARDER_TEXT("AgentText", "No list of other providers' models is fetched.")});
    warnOfSettings(input, plan);
}

}  // namespace

// Its first request takes 31 KB.
const Agent kOpenCode = {"opencode", "OpenCode", "opencode", "opencode-ai", openCodeFolders, {8'000, 32'000, openCodeKeptFree}, setUpOpenCode};

}  // namespace larder::agents
