// Which of the models in a status is meant when only one can be shown, and what is known of one. Pure functions; what they
// return points into the status.
#pragma once

#include <cstddef>
#include <string>

#include "engine/service.h"

namespace larder::ui {

// Null: it is neither loaded nor on its way, nor did it fail.
const ModelStatus* modelStatus(const EngineStatus& engine, const std::string& name);

// The loaded one that was used last; null when none is loaded.
const ModelStatus* latestLoaded(const EngineStatus& engine);

// The one to speak of: the one being loaded, else the loaded one used last, else one that failed, else one that waits.
const ModelStatus* foremostModel(const EngineStatus& engine);

std::size_t countOf(const EngineStatus& engine, ModelState state);

// Also of models that are not loaded, and while no server runs.
bool isPinned(const ServiceSnapshot& snapshot, const std::string& name);

}  // namespace larder::ui
