// Whether there is memory for one more model, which loaded ones have to make room, and how large the hot tier may be.
// Pure functions over numbers; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/error.h"

namespace larder {

// A loaded model as the plan sees it.
struct WeightsHeld {
    std::string name;
    std::size_t weightBytes = 0;
    bool pinned = false;          // never chosen
    bool busy = false;            // requests run in it
    bool promised = false;        // an earlier plan waits for it already: goes before other busy ones
    std::int64_t lastUsed = 0;    // ticks of any one clock
};

// What a model takes that is not loaded yet.
struct MemoryNeed {
    std::string model;
    std::size_t weightBytes = 0;
    std::size_t kvBytes = 0;      // of the hot tier, on top of what that holds already
};

struct MemoryFree {
    std::size_t availableBytes = 0;                    // RAM, without pushing others out, and what the hot tier can give up
    std::optional<std::size_t> weightLimitBytes = {};  // Settings::modelMemoryBytes
};

struct RoomPlan {
    std::vector<std::string> leave;  // unload these first, busy ones once they are idle; empty: there is room
    std::optional<Error> refusal;    // OutOfMemory: not even then; one sentence with the numbers
};

// Weights, KV and what computing takes.
std::size_t neededBytes(const MemoryNeed& need);

// Chooses as few as possible: idle models before busy ones, the least recently used first, pinned ones never.
RoomPlan planRoom(const MemoryNeed& need, const MemoryFree& free, std::vector<WeightsHeld> loaded);

struct HotTierFigures {
    std::optional<std::size_t> settingBytes = {};  // Settings::hotCacheBytes
    std::size_t totalBytes = 0;                    // of the machine
    std::size_t availableBytes = 0;                // after the weights
    std::size_t kvBytes = 0;                       // what the tier holds now
    std::size_t contextBytes = 0;                  // one full window of the largest loaded model
};

// Design §5.6: the setting, else the larger of a quarter of the RAM and one full window, at most half of what the weights leave.
std::size_t hotLimitBytes(const HotTierFigures& figures);

// Design §5.6: the setting, else the smaller of 20 GB and 10 % of the free disk space, what the cache takes already counted as
// free: so the limit does not shrink because the cache grows. 0: no cold tier.
std::uint64_t coldLimitBytes(std::optional<std::size_t> settingBytes, std::uint64_t freeBytes, std::uint64_t usedBytes);

}  // namespace larder
