#include "engine/memory_plan.h"

#include <algorithm>
#include <tuple>

#include "engine/models.h"

namespace larder {
namespace {

// Activations, tables, the tokenizer: what a loaded model takes besides weights and KV.
constexpr std::size_t kWorkBytes = std::size_t{64} << 20;

struct Sums {
    std::size_t allBytes = 0;
    std::size_t pinnedBytes = 0;
    std::string pinnedNames;
};

Sums sumsOf(const std::vector<WeightsHeld>& loaded) {
    Sums sums;
    for (const WeightsHeld& model : loaded) {
        sums.allBytes += model.weightBytes;
        if (!model.pinned) continue;
        sums.pinnedBytes += model.weightBytes;
        sums.pinnedNames += (sums.pinnedNames.empty() ? "" : " and ") + model.name;
    }
    return sums;
}

// Whether the model fits once models with so many bytes of weights are gone.
bool fits(const MemoryNeed& need, const MemoryFree& free, std::size_t heldBytes, std::size_t leavingBytes) {
    if (free.weightLimitBytes && heldBytes - leavingBytes + need.weightBytes > *free.weightLimitBytes) return false;
    return neededBytes(need) <= free.availableBytes + leavingBytes;
}

std::string unpinAdvice(const Sums& sums) { return sums.pinnedNames.empty() ? "" : ", or unpin " + sums.pinnedNames; }

Error refusalOf(const MemoryNeed& need, const MemoryFree& free, const Sums& sums) {
    const std::string pinned = sums.pinnedBytes > 0 ? readableBytes(sums.pinnedBytes) + " are held by pinned models" : "no model is pinned";
    if (free.weightLimitBytes && sums.pinnedBytes + need.weightBytes > *free.weightLimitBytes)
        return {ErrorCode::OutOfMemory,
                need.model + " needs " + readableBytes(need.weightBytes) + " for its weights, but the weights of all models may take " +
                    readableBytes(*free.weightLimitBytes) + " (--model-memory) and " + pinned + "; raise that limit, choose a smaller " +
                    "model or quantisation" + unpinAdvice(sums)};
    const std::size_t unloadable = sums.allBytes - sums.pinnedBytes;
    return {ErrorCode::OutOfMemory,
            need.model + " needs " + readableBytes(neededBytes(need)) + " of memory (" + readableBytes(need.weightBytes) +
                " for its weights, " + readableBytes(need.kvBytes + kWorkBytes) + " for its KV cache and computing), but " + readableBytes(free.availableBytes) +
                " are free, " + (unloadable > 0 ? readableBytes(unloadable) + " more without the other models" : "no other model can be unloaded") +
                ", and " + pinned + "; close other programs, choose a smaller model or quantisation" + unpinAdvice(sums)};
}

}  // namespace

std::size_t neededBytes(const MemoryNeed& need) { return need.weightBytes + need.kvBytes + kWorkBytes; }

RoomPlan planRoom(const MemoryNeed& need, const MemoryFree& free, std::vector<WeightsHeld> loaded) {
    const Sums sums = sumsOf(loaded);
    RoomPlan plan;
    if (!fits(need, free, sums.allBytes, sums.allBytes - sums.pinnedBytes)) {
        plan.refusal = refusalOf(need, free, sums);
        return plan;
    }
    std::erase_if(loaded, [](const WeightsHeld& model) { return model.pinned; });
    std::stable_sort(loaded.begin(), loaded.end(), [](const WeightsHeld& a, const WeightsHeld& b) {
        return std::tuple(a.busy, !a.promised, a.lastUsed) < std::tuple(b.busy, !b.promised, b.lastUsed);
    });
    std::size_t leavingBytes = 0;
    std::vector<WeightsHeld> chosen;
    for (const WeightsHeld& model : loaded) {
        if (fits(need, free, sums.allBytes, leavingBytes)) break;
        leavingBytes += model.weightBytes;
        chosen.push_back(model);
    }
    // The last ones may have made more room than was missing: some of the first can stay then.
    for (const WeightsHeld& model : chosen) {
        if (fits(need, free, sums.allBytes, leavingBytes - model.weightBytes))
            leavingBytes -= model.weightBytes;
        else
            plan.leave.push_back(model.name);
    }
    return plan;
}

std::size_t hotLimitBytes(const HotTierFigures& figures) {
    if (figures.settingBytes) return *figures.settingBytes;
    return std::min(std::max(figures.totalBytes / 4, figures.contextBytes), (figures.availableBytes + figures.kvBytes) / 2);
}

std::uint64_t coldLimitBytes(std::optional<std::size_t> settingBytes, std::uint64_t freeBytes, std::uint64_t usedBytes) {
    constexpr std::uint64_t kMost = 20'000'000'000;
    if (settingBytes) return *settingBytes;
    // Divided before the sum: neither can overflow it.
    return std::min(kMost, freeBytes / 10 + usedBytes / 10);
}

}  // namespace larder
