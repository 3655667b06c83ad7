#include "engine/kv/kv_cache.h"

#include <utility>

namespace larder::kv {

Expected<std::unique_ptr<KvCache>> KvCache::create(std::size_t blockBytes, std::size_t blocks) {
    auto pool = BlockPool::create(blockBytes, blocks);
    if (!pool) return std::move(pool).error();
    return std::unique_ptr<KvCache>(new KvCache(std::move(*pool)));
}

// No prefix is remembered yet, so the prompt is not looked at: everything is to be computed.
std::optional<KvLease> KvCache::acquire(std::span<const TokenId> /*prompt*/, std::size_t reserveTokens) {
    KvLease lease(*m_pool, 0);
    if (!lease.grow(reserveTokens)) return std::nullopt;
    return lease;
}

}  // namespace larder::kv
