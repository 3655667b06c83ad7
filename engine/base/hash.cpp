#include "engine/base/hash.h"

#include <xxhash.h>

namespace larder::base {

std::uint64_t hash64(std::span<const std::byte> bytes) { return XXH64(bytes.data(), bytes.size(), 0); }

}  // namespace larder::base
