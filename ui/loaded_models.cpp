#include "ui/loaded_models.h"

#include <algorithm>

namespace larder::ui {

namespace {

int rankOf(ModelState state) {
    switch (state) {
        case ModelState::Loading: return 3;
        case ModelState::Loaded: return 2;
        case ModelState::Failed: return 1;
        case ModelState::Unloaded: break;
    }
    return 0;
}

// Of two in the same state: the load that is further on, else the later use.
bool isBefore(const ModelStatus& a, const ModelStatus& b) {
    if (rankOf(a.state) != rankOf(b.state)) return rankOf(a.state) > rankOf(b.state);
    if (a.state == ModelState::Loading && a.loadProgress != b.loadProgress) return a.loadProgress > b.loadProgress;
    return a.lastUsedUnixMs > b.lastUsedUnixMs;
}

}  // namespace

const ModelStatus* modelStatus(const EngineStatus& engine, const std::string& name) {
    const auto found = std::find_if(engine.models.begin(), engine.models.end(), [&](const ModelStatus& model) { return model.name == name; });
    return found == engine.models.end() ? nullptr : &*found;
}

const ModelStatus* latestLoaded(const EngineStatus& engine) {
    const ModelStatus* latest = nullptr;
    for (const ModelStatus& model : engine.models)
        if (model.state == ModelState::Loaded && (latest == nullptr || model.lastUsedUnixMs > latest->lastUsedUnixMs)) latest = &model;
    return latest;
}

const ModelStatus* foremostModel(const EngineStatus& engine) {
    const auto first = std::min_element(engine.models.begin(), engine.models.end(), isBefore);
    return first == engine.models.end() ? nullptr : &*first;
}

std::size_t countOf(const EngineStatus& engine, ModelState state) {
    return static_cast<std::size_t>(
        std::count_if(engine.models.begin(), engine.models.end(), [state](const ModelStatus& model) { return model.state == state; }));
}

bool isPinned(const ServiceSnapshot& snapshot, const std::string& name) {
    if (const ModelStatus* status = modelStatus(snapshot.engine, name)) return status->pinned;
    const auto& pinned = snapshot.settings.pinnedModels;
    return std::find(pinned.begin(), pinned.end(), name) != pinned.end();
}

}  // namespace larder::ui
