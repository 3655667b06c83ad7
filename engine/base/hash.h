// 64-bit content hash (xxh64) for fingerprints that are compared between runs. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace larder::base {

std::uint64_t hash64(std::span<const std::byte> bytes);

}  // namespace larder::base
