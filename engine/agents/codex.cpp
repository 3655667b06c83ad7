// The coding agent on the command line by OpenAI: everything by -c, which wins over its config.toml. Measured with 0.169.0.
#include "engine/agents/codex.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "engine/agents/agent.h"
#include "engine/agents/sentence.h"
#include "engine/base/file.h"
#include "engine/base/json.h"

namespace larder::agents {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostConfigBytes = 1 << 20;
// What tools may say between two looks at the window: 10,000 tokens each by its default.
constexpr std::size_t kCodexRoomTokens = 16'000;

// By itself it keeps a tenth free, and a call that overflows a small window ends the turn instead of a summary.
std::size_t codexKeptFree(std::size_t window) { return std::max(window / 10, std::min(window / 4, kCodexRoomTokens)); }

std::vector<fs::path> codexFolders(const Surroundings&) { return {}; }

// JSON's strings are TOML's too.
std::string tomlText(const std::string& text) { return base::dumpJson(base::Json(text)); }

// What administrators put there wins over -c. Only whether it names what we set: no TOML is read.
void warnOfManagedCodex(const PlanInput& input, AgentPlan& plan) {
    const fs::path file = input.surroundings.systemFolder() / "codex" / "managed_config.toml";
    const auto text = base::readFile(file, kMostConfigBytes);
    if (!text) return;
    for (std::size_t first = 0; first < text->size();) {
        const std::size_t end = std::min(text->find('\n', first), text->size());
        const std::string line = text->substr(first, end - first);
        first = end + 1;
        for (const char* key : {"model", "model_provider", "model_context_window", "model_auto_compact_token_limit"}) {
            std::string start = line.substr(0, line.find('='));
            std::erase_if(start, [](char c) { return c == ' ' || c == '\t'; });
            if (start == key && line.size() > line.find('='))
                plan.warnings.push_back(sentence(
                    LARDER_TEXT("AgentText", "%1 sets %2, and that overrides what Larder sets."), {file.string(), key}));
        }
    }
}

void setUpCodex(const PlanInput& input, AgentPlan& plan) {
    setKeyVariable(plan, input.server);
    for (const auto& [key, value] : codexSettings(input.server.address, input.model))
        plan.arguments.insert(plan.arguments.end(), {"-c", key + "=" + value});
    plan.argumentsWhy = {
        {LARDER_TEXT("AgentText", "Larder as the provider, the model with its real window, and where to summarise the conversation.")},
        {LARDER_TEXT("AgentText", "No search of the web, which runs at OpenAI; no statistics and no update checks.")},
        {LARDER_TEXT("AgentText", "All of it wins over your config.toml, which stays as it is.")}};
    warnOfManagedCodex(input, plan);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> codexSettings(const std::string& address, const AgentModel& model) {
    const std::string provider = "model_providers.larder.";
    std::vector<std::pair<std::string, std::string>> settings = {
        {"model", tomlText(model.name)},   // and not -m: that one follows a subcommand of the user's
        {"model_provider", tomlText("larder")},
        {provider + "name", tomlText("Larder")},
        {provider + "base_url", tomlText(address + "/v1")},
        {provider + "wire_api", tomlText("responses")},
        {provider + "env_key", tomlText(kKeyVariable)}};
    if (const std::size_t window = model.contextTokens; window > 0) {
        settings.emplace_back("model_context_window", std::to_string(window));
        settings.emplace_back("model_auto_compact_token_limit", std::to_string(window - codexKeptFree(window)));
    }
    settings.emplace_back("web_search", tomlText("disabled"));
    settings.emplace_back("analytics.enabled", "false");
    settings.emplace_back("check_for_update_on_startup", "false");
    return settings;
}

// Its first request takes 40 KB, in a terminal 49 KB.
const Agent kCodex = {"codex", "Codex", "codex", "@openai/codex", codexFolders, {10'000, 40'000, codexKeptFree}, setUpCodex};

}  // namespace larder::agents
