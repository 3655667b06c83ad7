// The KV blocks one sequence may read and write; its destructor gives them back. Engine thread only. Move-only.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/kv/block_pool.h"

namespace larder::kv {

class KvLease {
public:
    KvLease() = default;
    KvLease(BlockPool& pool, std::size_t cachedTokens) : m_pool(&pool), m_cachedTokens(cachedTokens) {}
    ~KvLease() { release(); }
    KvLease(KvLease&& other) noexcept;
    KvLease& operator=(KvLease&& other) noexcept;

    // Makes room for positions [0, tokens). False when the pool has no block left; what was there stays.
    bool grow(std::size_t tokens);
    void release();

    std::size_t cachedTokens() const { return m_cachedTokens; }   // leading positions that were found filled
    std::span<std::byte* const> blocks() const { return m_addresses; }  // block table: base addresses in order
    std::size_t capacityTokens() const;

private:
    BlockPool* m_pool = nullptr;
    std::vector<BlockId> m_blocks;
    std::vector<std::byte*> m_addresses;
    std::size_t m_cachedTokens = 0;
};

}  // namespace larder::kv
