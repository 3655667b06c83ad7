// What a status says of one model, for tests that look at one.
#pragma once

#include <algorithm>
#include <string>

#include "engine/status.h"

namespace larder::support {

// Of the model with this name; of the first one when the name is empty. Unloaded and without a name where there is none.
inline ModelStatus modelOf(const EngineStatus& status, const std::string& name = "") {
    const auto found = std::find_if(status.models.begin(), status.models.end(),
                                    [&](const ModelStatus& model) { return name.empty() || model.name == name; });
    return found == status.models.end() ? ModelStatus{} : *found;
}

inline ModelState stateOf(const EngineStatus& status, const std::string& name = "") { return modelOf(status, name).state; }

}  // namespace larder::support
