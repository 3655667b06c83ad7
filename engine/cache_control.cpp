#include "engine/cache_control.h"

#include <utility>

#include "engine/cold_tier.h"
#include "engine/store_control.h"

namespace larder {

Expected<std::unique_ptr<CacheControl>> openCache(const Settings& settings) {
    auto store = openColdTier(settings);
    if (!store) return store.error();
    if (!*store || !(*store)->status().on) return Error{ErrorCode::Unavailable, "nothing is kept on the disk: the cold cache is set to 0"};
    return std::unique_ptr<CacheControl>(std::make_unique<StoreControl>(std::move(*store)));
}

}  // namespace larder
