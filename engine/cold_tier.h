// The cold tier as the settings want it: opens BASE-DIR/cache. Any thread; blocks on the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/error.h"
#include "engine/kv/cold_store.h"
#include "engine/settings.h"

namespace larder {

// The setting, else the smaller of 20 GB and 10 % of what is free or the cache's own already (design §5.6).
std::uint64_t coldLimitBytes(const std::optional<std::size_t>& setting, std::uint64_t freeBytes, std::uint64_t usedBytes);

// Null when the limit is 0 or there is no base directory. busy: see kv::ColdSettings.
Expected<std::shared_ptr<kv::ColdStore>> openColdTier(const Settings& settings, std::function<bool()> busy = {});

// Takes over what can change while it runs: limit, compression, bytes a day, floor.
void applyToColdTier(kv::ColdStore& store, const Settings& settings);

}  // namespace larder
