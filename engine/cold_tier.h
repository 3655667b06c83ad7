// The cold tier as the settings want it: opens BASE-DIR/cache. Any thread; blocks on the disk.
#pragma once

#include <functional>
#include <memory>

#include "engine/error.h"
#include "engine/kv/cold_store.h"
#include "engine/settings.h"

namespace larder {

// Null when there is no base directory. With a limit of 0 it is off until applyToColdTier() gives it room. busy: see kv::ColdSettings.
Expected<std::shared_ptr<kv::ColdStore>> openColdTier(const Settings& settings, std::function<bool()> busy = {});

// Takes over what can change while it runs: limit, compression, bytes a day, floor.
void applyToColdTier(kv::ColdStore& store, const Settings& settings);

}  // namespace larder
