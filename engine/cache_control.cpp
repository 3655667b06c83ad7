#include "engine/cache_control.h"

namespace larder {

Expected<std::unique_ptr<CacheControl>> openCache(const Settings& settings) {
    return Error{ErrorCode::Unavailable, "nothing is kept on the disk in " + settings.baseDir.string() + " yet"};
}

}  // namespace larder
