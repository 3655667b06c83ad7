#include "engine/kv/block_key.h"

#include <array>
#include <bit>
#include <cassert>
#include <cstring>

namespace larder::kv {
namespace {

constexpr std::uint64_t kRootSeed = 1;
constexpr std::size_t kBlockIdBytes = kBlockTokens * sizeof(TokenId);

}  // namespace

// Keys go into files that other machines may read one day.
static_assert(std::endian::native == std::endian::little && sizeof(TokenId) == 4);

BlockKey rootKey(const base::Hash128& identity) {
    return base::hash128(std::as_bytes(std::span(&identity, 1)), kRootSeed);
}

BlockKey childKey(const BlockKey& parent, std::span<const TokenId> tokens) {
    assert(tokens.size() == kBlockTokens);
    std::array<std::byte, sizeof(BlockKey) + kBlockIdBytes> bytes;
    std::memcpy(bytes.data(), &parent, sizeof parent);
    std::memcpy(bytes.data() + sizeof parent, tokens.data(), kBlockIdBytes);
    return base::hash128(bytes);
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
