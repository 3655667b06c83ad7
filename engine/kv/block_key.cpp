#include "engine/kv/block_key.h"

#include <array>
#include <bit>
#include <cassert>
#include <cstring>

namespace larder::kv {
namespace {

constexpr std::uint64_t kRootSeed = 1;
constexpr std::uint64_t kTailSeed = 1;
constexpr std::uint64_t kStateSeed = 2;
constexpr std::size_t kBlockIdBytes = kBlockTokens * sizeof(TokenId);

BlockKey keyOf(const BlockKey& parent, std::span<const TokenId> tokens, std::uint64_t seed) {
    assert(!tokens.empty() && tokens.size() <= kBlockTokens);
    std::array<std::byte, sizeof(BlockKey) + kBlockIdBytes> bytes;
    std::memcpy(bytes.data(), &parent, sizeof parent);
    std::memcpy(bytes.data() + sizeof parent, tokens.data(), tokens.size_bytes());
    return base::hash128(std::span(bytes).first(sizeof parent + tokens.size_bytes()), seed);
}

}  // namespace

// Keys go into files that other machines may read one day.
static_assert(std::endian::native == std::endian::little && sizeof(TokenId) == 4);

BlockKey rootKey(const base::Hash128& identity) {
    return base::hash128(std::as_bytes(std::span(&identity, 1)), kRootSeed);
}

BlockKey childKey(const BlockKey& parent, std::span<const TokenId> tokens) {
    assert(tokens.size() == kBlockTokens);
    return keyOf(parent, tokens, 0);
}

BlockKey tailKey(const BlockKey& parent, std::span<const TokenId> tokens) {
    assert(tokens.size() < kBlockTokens);
    return keyOf(parent, tokens, kTailSeed);
}

BlockKey stateKey(const BlockKey& parent, std::span<const TokenId> tokens) {
    return keyOf(parent, tokens, kStateSeed);
}

const BlockKey& KeyChain::key(std::size_t index, std::span<const TokenId> tokens) {
    assert(tokens.size() >= (index + 1) * kBlockTokens);
    while (m_keys.size() <= index) {
        const BlockKey& parent = m_keys.empty() ? m_root : m_keys.back();
        m_keys.push_back(childKey(parent, tokens.subspan(m_keys.size() * kBlockTokens, kBlockTokens)));
    }
    return m_keys[index];
}

}  // namespace larder::kv
