// How a lane is set up, and what can be seen of it and of the hot tier. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/usage.h"

namespace larder::generate {

// One loaded model on the engine thread, from attach() to detach(); unique for the life of the worker.
enum class LaneId : std::uint32_t {};

struct LaneSettings {
    std::size_t maxRunning = 8;       // sequences in the batch at the same time
    std::size_t contextTokens = 0;    // the window offered; REQUIRED
    std::size_t stepTokens = 512;     // most rows of one step: decode rows first, prefill chunks fill the rest
    std::size_t maxChunkTokens = 0;   // tests: longest chunk of one sequence in one step; 0 = no limit
    double stepMs = 90;               // how long a step with prefill chunks should take; 0 = only rows count
    double decodeShare = 0.67;        // of the time, for decoding, while prompts wait; only with stepMs
};

// Running sequences whose prompt (or, after preemption, prompt and answer so far) is not computed yet.
struct PrefillsUnderWay {
    std::size_t sequences = 0;
    std::size_t doneTokens = 0;
    std::size_t totalTokens = 0;
};

struct LaneStatus {
    std::size_t running = 0;
    std::size_t waiting = 0;            // the following ones included
    std::size_t following = 0;          // of the waiting ones: another request computes their prefix
    std::size_t loading = 0;            // of the waiting ones: blocks of their prompt are being read from the disk
    std::size_t leasedBytes = 0;        // KV that running requests hold
    std::size_t cachedBytes = 0;        // KV kept for later ones
    PrefillsUnderWay prefills;          // of the running ones
    // Since attach; they only grow.
    UsageCounters usage;
    TtftHistogram ttft;
    std::uint64_t preemptions = 0;
    std::uint64_t steps = 0;
    double longestStepMs = 0;
    double lastTtftMs = 0;              // submit to first token
    // Of the last second of steps that had such rows, and when (steady clock) the last of them ended.
    double prefillTokensPerSecond = 0;
    double decodeTokensPerSecond = 0;
    double lastPrefillMs = 0;
    double lastDecodeMs = 0;
};

struct HotStatus {
    std::size_t limitBytes = 0;
    std::size_t leasedBytes = 0;
    std::size_t cachedBytes = 0;
    std::uint64_t evictedBlocks = 0;    // since start
};

}  // namespace larder::generate
