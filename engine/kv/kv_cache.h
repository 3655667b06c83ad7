// The pantry: hands out leases on KV blocks and (from the hot tier on) remembers what filled blocks hold.
// Engine thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/error.h"
#include "engine/kv/block_pool.h"
#include "engine/kv/kv_lease.h"
#include "engine/types.h"

namespace larder::kv {

class KvCache {
public:
    static Expected<std::unique_ptr<KvCache>> create(std::size_t blockBytes, std::size_t blocks);

    // A lease that covers `reserveTokens` positions, with the longest known prefix of prompt already filled.
    // nullopt when there are not enough free blocks now. Never waits.
    std::optional<KvLease> acquire(std::span<const TokenId> prompt, std::size_t reserveTokens);

    std::size_t capacityTokens() const { return m_pool->totalBlocks() * kBlockTokens; }
    const BlockPool& pool() const { return *m_pool; }
    std::string checkIntegrity() const { return m_pool->checkIntegrity(); }

private:
    explicit KvCache(std::unique_ptr<BlockPool> pool) : m_pool(std::move(pool)) {}
    std::unique_ptr<BlockPool> m_pool;
};

}  // namespace larder::kv
