// One look at the running engine: plain numbers, copied whole. The bridge, `larder status` and tests read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/cache.h"
#include "engine/usage.h"

namespace larder {

enum class ModelState { Unloaded, Loading, Loaded, Failed };

// A model that is loaded, is being loaded, waits for its turn to be loaded, or could not be loaded.
struct ModelStatus {
    std::string name;
    ModelState state = ModelState::Unloaded;  // Unloaded: requests wait until there is memory for it
    double loadProgress = 0;           // 0..1 while Loading
    std::string failure;               // one sentence for Failed
    bool pinned = false;               // never unloaded but by hand
    std::size_t contextTokens = 0;     // the window offered; 0 unless Loaded
    std::size_t weightBytes = 0;       // in RAM; 0 unless Loaded
    std::size_t runningSequences = 0;
    std::size_t waitingSequences = 0;  // in its queue, those that wait for its load included
    std::size_t followingSequences = 0;  // of the waiting ones; this and the next as in EngineStatus
    std::size_t loadingSequences = 0;
    double prefillTokensPerSecond = 0; // of the last second, see EngineStatus
    double decodeTokensPerSecond = 0;
    std::size_t kvBytes = 0;           // of the hot tier, leased and cached
    std::int64_t lastUsedUnixMs = 0;   // last request that came or ended; 0 = none yet
};

// The hot tier: KV in RAM of all models together, those of unloaded ones included.
struct HotTierStatus {
    std::size_t limitBytes = 0;
    std::size_t leasedBytes = 0;       // read or written by running requests
    std::size_t cachedBytes = 0;       // kept for later ones; given up when room is needed
    std::uint64_t evictedBlocks = 0;   // since the server started
};

struct EngineStatus {
    std::vector<ModelStatus> models;   // by name
    HotTierStatus hotTier;
    ColdTierStatus coldTier;
    std::vector<ModelUsage> usage;     // of every model that ran since the server started, by name
    std::size_t followingSequences = 0;  // of the waiting ones: wait for a prefix that another request is computing
    std::size_t modelWaitSequences = 0;    // of the waiting ones: wait for their model to be loaded
    std::size_t loadingSequences = 0;    // of the waiting ones: blocks of their prompt are being read from the disk

    std::string warning;               // one sentence: "X was not loaded: Larder crashed while loading it last time ..."; empty
    std::string isa;                   // "avx2"
    std::size_t threads = 0;
    std::size_t runningSequences = 0;
    std::size_t waitingSequences = 0;
    std::size_t prefillingSequences = 0;  // of the running ones
    std::size_t prefillDoneTokens = 0;    // of the running prefills together, against prefillTotalTokens
    std::size_t prefillTotalTokens = 0;
    // Since the server started; they only grow. total and ttft are the sums of usage.
    UsageCounters total;
    TtftHistogram ttft;
    std::uint64_t steps = 0;
    std::uint64_t preemptions = 0;     // answers that gave their place or room to others, and went on later
    double lastTtftMs = 0;
    // Of the last second of such steps; 0 when none is under way and none ended within the last second.
    double prefillTokensPerSecond = 0;
    double decodeTokensPerSecond = 0;
};

}  // namespace larder
