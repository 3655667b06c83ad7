// The KV blocks one sequence may read and write; its destructor gives them back, and what was committed stays known.
// Engine thread only. Move-only; its cache outlives it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "engine/kv/block_index.h"
#include "engine/kv/block_key.h"
#include "engine/kv/block_pool.h"
#include "engine/kv/snapshot_policy.h"
#include "engine/types.h"

namespace larder::kv {

class KvCache;

// What becomes of what a lease fills when it ends.
enum class Keep {
    Known,    // stays known, in RAM and on the disk
    Aside,    // likewise, but in RAM it gives way before what the latest others used (HotTier::asideTick)
    Nothing   // is forgotten, and never written
};

// What a lease holds. Of the cache; nobody else looks inside.
struct LeaseRecord {
    std::vector<NodeId> nodes;                         // [blocks] kNoNode until something of a block is committed
    std::vector<std::vector<BlockId>> blocks;          // [groups][blocks] kNoBlock where a window has passed, or is not there yet
    std::vector<std::vector<std::byte*>> addresses;    // the same as addresses; null for kNoBlock
    std::vector<std::span<std::byte* const>> windows;  // of the groups from 1 on
    BlockId state = kNoBlock;
    KeyChain keys;
    Keep keep = Keep::Known;
    std::size_t committed = 0;                         // tokens
    std::size_t cached = 0;
};

class KvLease {
public:
    KvLease() = default;
    ~KvLease() { release(); }
    KvLease(KvLease&& other) noexcept = default;
    KvLease& operator=(KvLease&& other) noexcept;

    // Makes room for positions [0, tokens) (of windows for the next step's). False when there is no room now; what was there
    // stays. REQUIRES a lease.
    bool grow(std::size_t tokens);

    // Positions [0, computed) are filled with these tokens and never change again: others may share them from now on, even
    // while the block is not full. tokens: of the sequence from its start, at least `computed`. Block addresses may change:
    // an equal block that was known is taken in place of the own.
    void commit(std::span<const TokenId> tokens, std::size_t computed);

    // Keeps a copy of the recurrent state as it is after the committed tokens, if there is one and there is room.
    void keepState(SnapshotKind kind);

    // The full blocks of the first `tokens` stay on the disk until they are unpinned, as far as its limit allows.
    void pin(std::size_t tokens);

    // Gives everything back. Committed blocks stay known as long as there is room.
    void release();

    std::size_t cachedTokens() const { return m_record ? m_record->cached : 0; }  // leading positions that were found filled
    std::span<std::byte* const> blocks() const;        // block table of group 0: base addresses in order
    std::span<const std::span<std::byte* const>> windows() const;  // block tables of the further groups; passed ones null
    std::byte* state() const;                          // the recurrent state after the committed tokens; null: none
    std::size_t capacityTokens() const;

private:
    friend class KvCache;
    KvLease(KvCache& cache, std::unique_ptr<LeaseRecord> record) : m_cache(&cache), m_record(std::move(record)) {}
    KvCache* m_cache = nullptr;
    std::unique_ptr<LeaseRecord> m_record;
};

}  // namespace larder::kv
