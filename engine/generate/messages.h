// A request on its way to the engine thread. Plain value.
#pragma once

#include "engine/generation.h"
#include "engine/types.h"

namespace larder::generate {

struct Submit {
    SequenceId id{};
    GenerationRequest request;
    GenerationSink sink;
    double submittedMs = 0;      // base::steadyMs
    double loadedMs = 0;         // when its model was there, if it waited for that; else 0
};

}  // namespace larder::generate
