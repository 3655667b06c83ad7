// What the conductor thread is asked and told. Plain values.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/hash.h"
#include "engine/error.h"
#include "engine/generate/lane_status.h"
#include "engine/generate/messages.h"
#include "engine/generate/worker.h"
#include "engine/model_loader.h"

namespace larder {

// ---- These three may have to wait: they stand in one line, in the order of their coming.

struct Route {
    std::string model;
    generate::Submit submit;
};
struct Load {
    std::string model;
    bool byHand = false;  // also one that crashed Larder earlier
    std::function<void(Expected<void>)> done;
};
struct Unload {
    std::string model;              // empty: all
    std::function<void(Expected<void>)> done;
    std::set<std::string> remaining = {};  // the conductor's
};
using InLine = std::variant<Route, Load, Unload>;

// ---- The others are taken at once.

struct Drop {  // nobody wants this request any more
    SequenceId id{};
};
struct Ended {
    SequenceId id{};
};
struct Pin {
    std::string model;
    bool pinned = false;
};
struct UnloadRules {
    std::optional<std::size_t> modelMemoryBytes;
    std::size_t idleMinutes = 0;
};

// KV in RAM that nobody reads: of the loaded models of this name, or of all (empty); and of these contents.
struct Forget {
    std::string model;
    std::vector<base::Hash128> identities;
    std::function<void()> done;
};

// Work of somebody who knows the engine thread's verbs: with the lane of the loaded model of this content, if there is one.
struct AtLane {
    base::Hash128 identity;
    std::function<void(generate::Worker&, std::optional<generate::LaneId>)> work;  // on the conductor thread; short
    std::function<void()> gone;  // instead, when the conductor ends
};

// From the loader and the engine thread.
struct WeightsRead {
    std::string model;
    LoadedModel loaded;
};
struct Attached {
    generate::LaneId lane{};
    Expected<void> result;
};
struct Detached {
    generate::LaneId lane{};
};

using ConductorMessage = std::variant<Route, Load, Unload, Drop, Ended, Pin, UnloadRules, Forget, AtLane, WeightsRead, Attached, Detached>;

}  // namespace larder
