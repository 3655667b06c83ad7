// Qwen Code: a settings file that its variable for administrators points to, in Larder's base directory. Neither variables nor options
// know the model's window, and a file of the user's would win over both in part. Measured with 0.24.4.
#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "engine/agents/agent.h"
#include "engine/agents/json_settings.h"
#include "engine/agents/sentence.h"
#include "engine/base/json.h"

namespace larder::agents {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSettingsVariable = "QWEN_CODE_SYSTEM_SETTINGS_PATH";
constexpr int kSettingsVersion = 4;
constexpr std::size_t kQwenKeptFreeTokens = 33'000;   // for a summary, and before it
constexpr std::size_t kQwenTimeoutMs = 3'000'000;

std::size_t qwenKeptFree(std::size_t window) {
    const std::size_t share = window * 3 / 20;   // of a window that is smaller than that room, too
    return window > kQwenKeptFreeTokens ? std::max(kQwenKeptFreeTokens, share) : share;
}

std::vector<fs::path> qwenFolders(const Surroundings&) { return {}; }

base::Json qwenSettings(const PlanInput& input) {
    base::Json generation;
    if (const std::size_t window = input.model.contextTokens; window > 0) {
        generation["contextWindowSize"] = window;
        generation["samplingParams"]["max_tokens"] = outputTokens(window);
    }
    generation["timeout"] = kQwenTimeoutMs;
    base::Json model;
    model["id"] = input.model.name;
    model["name"] = input.model.name + " (Larder)";
    model["envKey"] = kKeyVariable;
    model["baseUrl"] = input.server.address + "/v1";
    model["generationConfig"] = std::move(generation);
    base::Json settings;
    settings["$version"] = kSettingsVersion;
    settings["security"]["auth"]["selectedType"] = "openai";
    settings["model"]["name"] = input.model.name;
    settings["modelProviders"]["openai"] = base::Json::array({std::move(model)});
    settings["privacy"]["usageStatisticsEnabled"] = false;
    settings["general"]["enableAutoUpdate"] = false;
    settings["memory"]["enableManagedAutoMemory"] = false;
    return settings;
}

// What administrators set stays, under what Larder sets.
base::Json withManagedQwen(const PlanInput& input, base::Json ours, AgentPlan& plan) {
    const std::string moved = input.surroundings.variable(kSettingsVariable);
    const fs::path file = moved.empty() ? input.surroundings.systemFolder() / "qwen-code" / "settings.json" : fs::path(moved);
    if (!plan.files.empty() && file == plan.files.front().path) return ours;   // started by Larder's own child
    auto managed = readJsonSettings(file, plan);
    if (!managed) return ours;
    managed->merge_patch(ours);
    return *std::move(managed);
}

void setUpQwen(const PlanInput& input, AgentPlan& plan) {
    setKeyVariable(plan, input.server);
    const fs::path file = input.server.baseDir / "agents" / "qwen-code.json";
    setVariable(plan, kSettingsVariable, file.string(),
                {LARDER_TEXT("AgentText", "Points to a file of Larder's, made anew at every start, since Qwen Code takes the model's window from nowhere "
                                          "else.")});
    plan.files.push_back({file, "",
                          {{LARDER_TEXT("AgentText", "Larder as the provider, the model with its real window and the longest answer, 50 "
                                                     "minutes of patience.")},
                           {LARDER_TEXT("AgentText", "No statistics, no updates, and no notes taken behind each task: that is a long prompt of "
                                                     "its own every time.")}}});
    plan.files.front().text = base::dumpJson(withManagedQwen(input, qwenSettings(input), plan));
}

}  // namespace

// Its first request takes 72 to 77 KB.
const Agent kQwenCode = {"qwen", "Qwen Code", "qwen", "@qwen-code/qwen-code", qwenFolders, {20'000, 80'000, qwenKeptFree}, setUpQwen};

}  // namespace larder::agents
