// Models of an engine in the states that the window tells apart.
#pragma once

#include <string>
#include <utility>

#include "engine/status.h"

namespace larder::ui {

inline ModelStatus modelIn(ModelState state, std::string name = "tiny", std::int64_t lastUsedUnixMs = 0) {
    ModelStatus model;
    model.name = std::move(name);
    model.state = state;
    model.lastUsedUnixMs = lastUsedUnixMs;
    return model;
}

inline ModelStatus loadingModel(double progress, std::string name = "tiny") {
    ModelStatus model = modelIn(ModelState::Loading, std::move(name));
    model.loadProgress = progress;
    return model;
}

inline ModelStatus failedModel(std::string sentence, std::string name = "tiny") {
    ModelStatus model = modelIn(ModelState::Failed, std::move(name));
    model.failure = std::move(sentence);
    return model;
}

}  // namespace larder::ui
