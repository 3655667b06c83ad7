// What crosses into and out of the engine thread. Plain values.
#pragma once

#include <variant>

#include "engine/generation.h"
#include "engine/types.h"

namespace larder::generate {

struct Submit {
    SequenceId id{};
    GenerationRequest request;
    GenerationSink sink;
    double submittedMs = 0;      // steady clock
};

struct Cancel {
    SequenceId id{};
};

using WorkerMessage = std::variant<Submit, Cancel>;

}  // namespace larder::generate
