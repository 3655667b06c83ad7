// The pantry's hot half for one model: hands out leases on KV blocks and remembers what filled blocks hold, so that a
// known prefix is never computed twice (design §5.1-5.4). Blocks that no lease holds are kept until the hot tier needs
// their room. Engine thread only. Outlives its leases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/hash.h"
#include "engine/error.h"
#include "engine/kv/block_index.h"
#include "engine/kv/block_pool.h"
#include "engine/kv/cold_store.h"
#include "engine/kv/hot_tier.h"
#include "engine/kv/kv_lease.h"
#include "engine/kv/kv_load.h"
#include "engine/kv/load_plan.h"
#include "engine/kv/prefix_match.h"
#include "engine/types.h"

namespace larder::kv {

class KvCache {
public:
    // identity: what the bytes depend on besides the tokens (weights, KV type, arithmetic). stepTokens: most tokens of a
    // sequence that are computed in one step; window groups hold that much more than their window. OutOfMemory: no address
    // space.
    static Expected<std::unique_ptr<KvCache>> create(const KvShape& shape, const base::Hash128& identity, HotTier& tier,
                                                     std::size_t stepTokens = 512);
    // With a tier of its own of so many blocks, for a model that reads everything.
    static Expected<std::unique_ptr<KvCache>> create(std::size_t blockBytes, std::size_t blocks);
    ~KvCache();

    // A lease that covers `reserveTokens` positions, with the longest known prefix of `prefix` already filled (see
    // KvLease::cachedTokens). nullopt when there is not enough room now. Never waits.
    std::optional<KvLease> acquire(std::span<const TokenId> prefix, std::size_t reserveTokens, Keep keep = Keep::Known);

    // Begins to read from the disk what is known there of `prefix` beyond what acquire() would find: then acquire() finds it
    // too. Never waits.
    LoadStart load(std::span<const TokenId> prefix);
    std::size_t loads() const { return m_loads.size(); }      // under way, those whose handle died included

    // How much of it acquire() would find filled now.
    std::size_t knownTokens(std::span<const TokenId> prefix) const { return matchPrefix(m_index, m_shape, prefix).tokens; }

    // Positions of one sequence that fit the hot tier when it is all there is.
    std::size_t capacityTokens() const;

    const KvShape& shape() const { return m_shape; }
    const base::Hash128& identity() const { return m_identity; }
    std::size_t stepTokens() const { return m_stepTokens; }
    std::size_t usedBytes() const { return m_usedBytes; }      // leased and kept
    std::size_t cachedBytes() const { return m_cachedBytes; }  // of them: held by no lease
    std::size_t leasedBytes() const { return m_usedBytes - m_cachedBytes; }
    const HotTier& tier() const { return m_tier; }

    // For the hot tier. coldest: what gives way first, as a rank over all caches: what is written before what is not, the
    // one unused for longest first.
    std::optional<std::pair<bool, std::uint64_t>> coldest() const;
    void evictColdest();                                       // REQUIRES coldest()
    std::size_t unsavedNodes() const { return m_index.unsaved(); }
    std::size_t saveOldest();                                  // bytes handed over, at least 1; 0: the cold store has no room now
    void wantMissingSaved();                                   // what is not on the disk any more is to go there again
    bool takeRead(const ColdReadDone& done);                   // false: not asked for by this one
    std::size_t touchedBytes() const;
    void discardFree();
    bool prepare(std::size_t tokens, std::size_t mostBytes);   // RAM for so many more; false: it is ready. See BlockPool

    // Empty, or one sentence: every block is in exactly one of free, cached, pinned (cached and leased), leased; references
    // are those of leases and index; sums add up; keys resolve.
    std::string checkIntegrity() const;

private:
    friend class KvLease;
    friend class KvLoad;
    KvCache(const KvShape& shape, const base::Hash128& identity, HotTier& tier, std::size_t stepTokens);
    Expected<void> reserve();
    std::optional<KvLease> leaseOf(const PrefixMatch& match, std::size_t reserveTokens, Keep keep);
    std::unique_ptr<LeaseRecord> emptyLease(std::size_t tokens);

    std::size_t roundUpBlocks(std::size_t tokens) const { return (tokens + kBlockTokens - 1) / kBlockTokens; }
    std::size_t lastWindowBlock(const LeaseRecord& lease, std::size_t tokens) const;
    std::size_t bytesToGrow(const LeaseRecord& lease, std::size_t tokens) const;
    void holdMatch(LeaseRecord& lease, const PrefixMatch& match);
    void noteUse(const LeaseRecord& lease, NodeId partial);
    void holdPartial(NodeId node);
    void letGoPartial(NodeId node);
    void leaveBehind(NodeId node, std::size_t group);
    void copyFound(LeaseRecord& lease, const PrefixMatch& match);
    std::byte* stateOf(const LeaseRecord& lease) const;
    bool grow(LeaseRecord& lease, std::size_t tokens);
    void commit(LeaseRecord& lease, std::span<const TokenId> tokens, std::size_t computed);
    void commitBlock(LeaseRecord& lease, std::size_t block, std::span<const TokenId> tokens, std::size_t count);
    bool shareKnown(LeaseRecord& lease, std::size_t block, std::span<const TokenId> tokens);
    void leavePassedWindows(LeaseRecord& lease);
    void keepState(LeaseRecord& lease, SnapshotKind kind);
    bool addSnapshot(NodeId node, std::size_t offset, SnapshotKind kind, const std::byte* state);
    void thinSnapshots(const LeaseRecord& lease);
    void release(LeaseRecord& lease);
    void settleTail(NodeId tail);
    void forgetFleeting(const std::vector<NodeId>& nodes);

    // To the disk and back: kv_cache_save.cpp, kv_cache_load.cpp.
    void wantSaved(NodeId node);
    StageResult stagePayload(NodeId node, std::size_t& bytes);
    StageResult stageStates(NodeId node, std::size_t& bytes);
    void pin(LeaseRecord& lease, std::size_t tokens);
    std::vector<NodeId> knownPath(std::span<const TokenId> prefix, KeyChain& keys) const;
    std::unique_ptr<LoadRecord> prepareLoad(const LoadPlan& plan, std::span<const TokenId> prefix, KeyChain& keys);
    bool takeRoom(LoadRecord& load, const LoadPlan& plan);
    void orderReads(LoadRecord& load, const LoadPlan& plan, KeyChain& keys);
    void advance(LoadRecord& load);
    bool fillIn(LoadRecord& load, LoadItem& item);
    void cancelLoad(LoadRecord& load);
    void endLoad(LoadRecord& load);

    void dropCoveredTails(NodeId node);
    void moveSnapshots(NodeId from, NodeId to);
    void removeNode(NodeId node);
    void holdNode(NodeId node);
    void letGoNode(NodeId node);
    std::size_t snapshotBytes(NodeId node) const;
    void dropSnapshot(NodeId node, std::size_t which);

    // Blocks of a pool as lease and index hold them. A block with one reference that the index holds counts as cached.
    std::optional<BlockId> newBlock(BlockPool& pool);
    void leaseHolds(BlockPool& pool, BlockId block);
    void leaseDrops(BlockPool& pool, BlockId block);
    void indexDrops(BlockPool& pool, BlockId block);

    std::unique_ptr<HotTier> m_ownTier;           // only of the second create()
    HotTier& m_tier;
    KvShape m_shape;
    base::Hash128 m_identity;
    std::size_t m_stepTokens;
    std::vector<std::unique_ptr<BlockPool>> m_pools;  // [groups] null where a group keeps nothing
    std::unique_ptr<BlockPool> m_states;          // null for a model without state
    BlockIndex m_index;
    std::vector<const LeaseRecord*> m_leases;
    std::vector<std::unique_ptr<LoadRecord>> m_loads;
    std::size_t m_usedBytes = 0;
    std::size_t m_cachedBytes = 0;
};

}  // namespace larder::kv
