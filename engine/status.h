// One look at the running engine: plain numbers, copied whole. The bridge, `larder status` and tests read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace larder {

enum class ModelState { Unloaded, Loading, Loaded, Failed };

struct EngineStatus {
    std::string model;                 // the loaded (or loading) one; empty if none
    ModelState modelState = ModelState::Unloaded;
    std::string failure;               // one sentence for Failed
    std::string isa;                   // "avx2"
    std::size_t threads = 0;
    std::size_t contextTokens = 0;     // the window offered
    std::size_t runningSequences = 0;
    std::size_t waitingSequences = 0;
    std::size_t kvBlocksTotal = 0;
    std::size_t kvBlocksUsed = 0;
    std::size_t kvBytesTotal = 0;
    std::uint64_t promptTokens = 0;    // since start
    std::uint64_t cachedTokens = 0;
    std::uint64_t generatedTokens = 0;
    std::uint64_t requests = 0;
    std::uint64_t steps = 0;
    double prefillTokensPerSecond = 0; // of the last second with prefill in it
    double decodeTokensPerSecond = 0;
};

}  // namespace larder
