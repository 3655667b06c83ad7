#include "engine/base/hash.h"

#include <xxhash.h>

#include <new>

namespace larder::base {

std::uint64_t hash64(std::span<const std::byte> bytes) { return XXH64(bytes.data(), bytes.size(), 0); }

Hash128 hash128(std::span<const std::byte> bytes, std::uint64_t seed) {
    const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
    return {hash.low64, hash.high64};
}

struct Hasher128::State {
    struct Free {
        void operator()(XXH3_state_t* freed) const { XXH3_freeState(freed); }
    };
    std::unique_ptr<XXH3_state_t, Free> state{XXH3_createState()};
};

Hasher128::Hasher128() : m_state(std::make_unique<State>()) {
    if (!m_state->state) throw std::bad_alloc();
    XXH3_128bits_reset(m_state->state.get());
}
Hasher128::~Hasher128() = default;

void Hasher128::add(std::span<const std::byte> bytes) {
    if (!bytes.empty()) XXH3_128bits_update(m_state->state.get(), bytes.data(), bytes.size());
}

Hash128 Hasher128::value() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(m_state->state.get());
    return {hash.low64, hash.high64};
}

}  // namespace larder::base
