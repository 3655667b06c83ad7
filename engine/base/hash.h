// Content hashes: 64 bits (xxh64) for fingerprints that are compared between runs, 128 bits (XXH3) for keys. Not against
// people who make collisions on purpose. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace larder::base {

std::uint64_t hash64(std::span<const std::byte> bytes);

struct Hash128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const Hash128&) const = default;
};
Hash128 hash128(std::span<const std::byte> bytes, std::uint64_t seed = 0);

// hash128 of bytes that come in pieces, and of every beginning of them. One thread at a time.
class Hasher128 {
public:
    Hasher128();
    ~Hasher128();
    void add(std::span<const std::byte> bytes);
    void add(std::string_view text) { add(std::as_bytes(std::span(text))); }
    Hash128 value() const;  // of what was added so far

private:
    struct State;
    std::unique_ptr<State> m_state;
};

}  // namespace larder::base
