// Content hashes: 64 bits (xxh64) for fingerprints that are compared between runs, 128 bits (XXH3) for keys. Not against
// people who make collisions on purpose. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace larder::base {

std::uint64_t hash64(std::span<const std::byte> bytes);

struct Hash128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const Hash128&) const = default;
};
Hash128 hash128(std::span<const std::byte> bytes, std::uint64_t seed = 0);

}  // namespace larder::base
