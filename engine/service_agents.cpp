// What the service knows that agents need.
#include <algorithm>

#include "engine/service.h"

namespace larder {
namespace {

// Lower comes first: what is in memory, then what the user chose, then the rest by name.
int rankOf(const ModelInfo& model, const ModelStatus* status, const Settings& settings) {
    if (status != nullptr && status->state == ModelState::Loaded) return 0;
    return model.name == settings.defaultModel || model.path == settings.defaultModel ? 1 : 2;
}

}  // namespace

AgentServer agentServer(const ServiceSnapshot& snapshot) {
    AgentServer server;
    server.address = snapshot.address;
    server.apiKey = snapshot.apiKey;
    const Settings& settings = snapshot.settings;
    server.baseDir = settings.baseDir;
    if (settings.requireApiKey && settings.apiKey.empty()) server.keyFile = settings.baseDir / "api-key";
    struct Ranked {
        int rank = 0;
        AgentModel model;
    };
    std::vector<Ranked> ranked;
    for (const ModelInfo& model : *snapshot.models) {
        if (!model.problem.empty()) continue;
        const auto& all = snapshot.engine.models;
        const auto found = std::find_if(all.begin(), all.end(), [&](const ModelStatus& each) { return each.name == model.name; });
        const ModelStatus* status = found == all.end() ? nullptr : &*found;
        // Only a load shows whether memory cuts the window.
        std::size_t window = settings.contextTokens > 0 ? settings.contextTokens : model.contextTokens;
        if (status != nullptr && status->contextTokens > 0) window = status->contextTokens;
        ranked.push_back({rankOf(model, status, settings), {model.name, window}});
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) { return a.rank < b.rank; });
    for (Ranked& each : ranked) server.models.push_back(std::move(each.model));
    return server;
}

}  // namespace larder
