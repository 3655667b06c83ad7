#include "engine/cold_tier.h"

#include <cstdint>
#include <utility>

#include "engine/base/disk.h"
#include "engine/memory_plan.h"

namespace larder {
namespace {

std::uint64_t limitOf(const Settings& settings, std::uint64_t usedBytes) {
    const std::uint64_t free = base::freeDiskBytes(settings.baseDir).value_or(0);
    return coldLimitBytes(settings.coldCacheBytes, free, usedBytes);
}

kv::ColdCodec codecOf(const Settings& settings) {
    return settings.coldCompression == ColdCompression::Zstd ? kv::ColdCodec::Zstd : kv::ColdCodec::None;
}

}  // namespace

Expected<std::shared_ptr<kv::ColdStore>> openColdTier(const Settings& settings, std::function<bool()> busy) {
    if (settings.baseDir.empty()) return std::shared_ptr<kv::ColdStore>();
    kv::ColdSettings cold;
    cold.folder = settings.baseDir / "cache";
    cold.limitBytes = limitOf(settings, 0);
    cold.floorBytes = settings.coldFloorBytes;
    cold.bytesPerDay = settings.coldBytesPerDay;
    cold.codec = codecOf(settings);
    cold.busy = std::move(busy);
    auto store = kv::ColdStore::open(std::move(cold));
    if (!store) return store.error();
    // What the cache holds already counts as free to it.
    if (!settings.coldCacheBytes) (*store)->setLimit(limitOf(settings, (*store)->status().usedBytes));
    return std::shared_ptr<kv::ColdStore>(std::move(*store));
}

void applyToColdTier(kv::ColdStore& store, const Settings& settings) {
    store.setLimit(limitOf(settings, store.status().usedBytes));
    store.setCodec(codecOf(settings));
    store.setBytesPerDay(settings.coldBytesPerDay);
    store.setFloor(settings.coldFloorBytes);
}

}  // namespace larder
