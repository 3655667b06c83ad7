#include "engine/kv/kv_cache.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "engine/kv/kv_size.h"

namespace larder::kv {
namespace {

// Where nothing grows with the length.
constexpr std::size_t kUnlimitedTokens = std::size_t{1} << 40;

}  // namespace
// Invariants: the index holds one reference of every block in its nodes' payload and of every snapshot; a lease one of each
// block it lists. A lease holds the nodes of its committed blocks from the first on without a gap, and group 0's payload of
// all of them. m_cachedBytes counts payload that only the index holds, and the snapshots of nodes that no lease holds.

Expected<std::unique_ptr<KvCache>> KvCache::create(const KvShape& shape, const base::Hash128& identity, HotTier& tier,
                                                   std::size_t stepTokens) {
    std::unique_ptr<KvCache> cache(new KvCache(shape, identity, tier, stepTokens));
    if (auto reserved = cache->reserve(); !reserved) return reserved.error();
    return cache;
}

Expected<std::unique_ptr<KvCache>> KvCache::create(std::size_t blockBytes, std::size_t blocks) {
    auto tier = std::make_unique<HotTier>(blocks * BlockPool::strideOf(blockBytes));
    auto cache = create(KvShape{.groups = {{.blockBytes = blockBytes}}, .stateBytes = 0}, {}, *tier);
    if (cache) (*cache)->m_ownTier = std::move(tier);
    return cache;
}

KvCache::KvCache(const KvShape& shape, const base::Hash128& identity, HotTier& tier, std::size_t stepTokens)
    : m_tier(tier), m_shape(shape), m_identity(identity), m_stepTokens(stepTokens), m_index(shape.groups.size(), rootKey(identity)) {
    assert(!shape.groups.empty() && shape.groups.front().windowTokens == 0 && stepTokens > 0);
    m_tier.add(*this);
}

Expected<void> KvCache::reserve() {
    const auto pool = [this](std::size_t blockBytes) {
        return BlockPool::create(blockBytes, m_tier.ceilingBytes() / BlockPool::strideOf(blockBytes));
    };
    for (const KvGroup& group : m_shape.groups) {
        m_pools.emplace_back();
        if (group.blockBytes == 0) continue;
        auto made = pool(group.blockBytes);
        if (!made) return made.error();
        m_pools.back() = std::move(*made);
    }
    if (m_shape.stateBytes == 0) return {};
    auto made = pool(m_shape.stateBytes);
    if (!made) return made.error();
    m_states = std::move(*made);
    return {};
}

KvCache::~KvCache() {
    for (const auto& load : m_loads) release(load->lease);  // nobody reads for them any more
    assert(m_leases.empty() && "a lease outlives its cache");
    while (coldest()) evictColdest();
    m_tier.remove(*this);
}

// Copying needs room for the source too, and the states along a known path take room: where that is what is missing, less of
// the prefix is used. So what fits an empty tier also fits one that holds nothing but kept blocks.
std::optional<KvLease> KvCache::acquire(std::span<const TokenId> prefix, std::size_t reserveTokens, Keep keep) {
    PrefixMatch match = matchPrefix(m_index, m_shape, prefix);
    if (auto lease = leaseOf(match, reserveTokens, keep)) return lease;
    if (match.partial != kNoNode) {
        match = matchPrefix(m_index, m_shape, prefix.first(match.path.size() * kBlockTokens));
        if (auto lease = leaseOf(match, reserveTokens, keep)) return lease;
    }
    if (m_tier.leasedBytes() > 0 || match.tokens == 0) return std::nullopt;
    return leaseOf(PrefixMatch{}, reserveTokens, keep);
}

std::unique_ptr<LeaseRecord> KvCache::emptyLease(std::size_t tokens) {
    auto lease = std::make_unique<LeaseRecord>();
    lease->keys = KeyChain(m_index.at(kRootNode).key);
    lease->blocks.resize(m_shape.groups.size());
    lease->addresses.resize(m_shape.groups.size());
    lease->windows.resize(m_shape.groups.size() - 1);
    lease->committed = lease->cached = tokens;
    return lease;
}

std::optional<KvLease> KvCache::leaseOf(const PrefixMatch& match, std::size_t reserveTokens, Keep keep) {
    auto lease = emptyLease(match.tokens);
    lease->keep = keep;
    m_leases.push_back(lease.get());
    holdMatch(*lease, match);

    holdPartial(match.partial);
    const bool roomy = grow(*lease, std::max(reserveTokens, match.tokens));
    if (roomy) copyFound(*lease, match);
    if (roomy) noteUse(*lease, match.partial);
    if (roomy) m_tier.noteLease(keep);
    letGoPartial(match.partial);
    if (roomy) return KvLease(*this, std::move(lease));
    release(*lease);
    return std::nullopt;
}

void KvCache::holdMatch(LeaseRecord& lease, const PrefixMatch& match) {
    lease.nodes = match.path;
    const std::uint64_t tick = m_tier.tickFor(lease.keep);
    for (const NodeId node : lease.nodes) {
        holdNode(node);
        m_index.touch(node, tick);
    }
    for (std::size_t group = 0; group < m_pools.size(); ++group) {
        lease.blocks[group].assign(lease.nodes.size(), kNoBlock);
        lease.addresses[group].assign(lease.nodes.size(), nullptr);
        if (!m_pools[group]) continue;
        const std::size_t firstRead = firstBlockRead(m_shape.groups[group], match.tokens);
        for (std::size_t i = 0; i < std::min(firstRead, lease.nodes.size()); ++i) leaveBehind(lease.nodes[i], group);
        for (std::size_t i = firstRead; i < lease.nodes.size(); ++i) {
            const BlockId block = m_index.at(lease.nodes[i]).payload[group];
            if (block == kNoBlock) continue;  // a load that is about to bring it
            leaseHolds(*m_pools[group], block);
            m_index.clearStale(lease.nodes[i], group);
            lease.blocks[group][i] = block;
            lease.addresses[group][i] = m_pools[group]->data(block);
        }
    }
}

// What was found has been used once more, here and on the disk; what is not on the disk any more goes there again.
void KvCache::noteUse(const LeaseRecord& lease, NodeId partial) {
    std::vector<NodeId> found = lease.nodes;
    std::erase(found, kNoNode);
    if (partial != kNoNode && !m_index.at(partial).full()) found.push_back(partial);
    std::vector<BlockKey> keys;
    for (const NodeId each : found) {
        Node& node = m_index.at(each);
        ++node.uses;
        if (lease.keep != Keep::Nothing) node.fleeting = false;
        keys.push_back(node.full() ? node.key : tailKey(m_index.at(node.parent).key, node.held()));
    }
    if (!m_tier.saves() || keys.empty()) return;
    const auto there = m_tier.cold()->findAll(keys);
    for (std::size_t i = 0; i < found.size(); ++i)
        if (!there[i] && (m_index.at(found[i]).full() || m_index.at(found[i]).leases == 1)) wantSaved(found[i]);  // a tail that still grows: later
    m_tier.cold()->touch(keys);
}

// Between these two nothing of the node is evicted.
void KvCache::holdPartial(NodeId node) {
    if (node == kNoNode) return;
    holdNode(node);
    m_index.touch(node, m_tier.tick());
    for (std::size_t group = 0; group < m_pools.size(); ++group) {
        if (const BlockId block = m_index.at(node).payload[group]; block != kNoBlock) leaseHolds(*m_pools[group], block);
        m_index.clearStale(node, group);
    }
}

void KvCache::letGoPartial(NodeId node) {
    if (node == kNoNode) return;
    for (std::size_t group = 0; group < m_pools.size(); ++group) {
        const BlockId block = m_index.at(node).payload[group];
        if (block == kNoBlock) continue;
        leaseDrops(*m_pools[group], block);
        if (m_index.at(node).leases > 1) leaveBehind(node, group);
    }
    letGoNode(node);
}

// Window payload of a node that a lease holds without reading it: the first to go.
void KvCache::leaveBehind(NodeId node, std::size_t group) {
    const BlockId block = m_index.at(node).payload[group];
    if (group == 0 || block == kNoBlock || m_pools[group]->references(block) > 1) return;
    if (m_index.at(node).staleSince[group] == 0) m_index.markStale(node, group, m_tier.tick());
}

void KvCache::copyFound(LeaseRecord& lease, const PrefixMatch& match) {
    for (std::size_t group = 0; group < m_pools.size() && match.partial != kNoNode; ++group) {
        if (!m_pools[group]) continue;
        const std::byte* from = m_pools[group]->data(m_index.at(match.partial).payload[group]);
        std::memcpy(lease.addresses[group][match.path.size()], from, m_shape.groups[group].blockBytes);
    }
    if (!m_states) return;
    if (match.tokens > 0)
        std::memcpy(m_states->data(lease.state), m_states->data(match.state), m_shape.stateBytes);
    else
        std::memset(m_states->data(lease.state), 0, m_shape.stateBytes);
}

// One past the last block of a window group that must be there when the lease covers `tokens`.
std::size_t KvCache::lastWindowBlock(const LeaseRecord& lease, std::size_t tokens) const {
    return roundUpBlocks(std::min(tokens, lease.committed + m_stepTokens));
}

std::size_t KvCache::bytesToGrow(const LeaseRecord& lease, std::size_t tokens) const {
    std::size_t bytes = 0;
    const std::size_t blocks = std::max(lease.nodes.size(), roundUpBlocks(tokens));
    if (m_pools[0]) bytes += (blocks - lease.nodes.size()) * m_pools[0]->strideBytes();
    for (std::size_t group = 1; group < m_pools.size(); ++group) {
        if (!m_pools[group]) continue;
        const std::size_t end = lastWindowBlock(lease, tokens);
        for (std::size_t i = lease.committed / kBlockTokens; i < end; ++i)
            if (i >= lease.blocks[group].size() || lease.blocks[group][i] == kNoBlock) bytes += m_pools[group]->strideBytes();
    }
    return bytes;
}

bool KvCache::grow(LeaseRecord& lease, std::size_t tokens) {
    const std::size_t bytes = bytesToGrow(lease, tokens);
    const bool needsState = m_states && lease.state == kNoBlock;
    if (!m_tier.fits(bytes + (needsState ? m_states->strideBytes() : 0))) return false;
    const std::size_t blocks = std::max(lease.nodes.size(), roundUpBlocks(tokens));
    lease.nodes.resize(blocks, kNoNode);
    for (std::size_t group = 0; group < m_pools.size(); ++group) {
        lease.blocks[group].resize(blocks, kNoBlock);
        lease.addresses[group].resize(blocks, nullptr);
        if (group > 0) lease.windows[group - 1] = lease.addresses[group];
        if (!m_pools[group]) continue;
        const std::size_t end = group == 0 ? blocks : lastWindowBlock(lease, tokens);
        for (std::size_t i = lease.committed / kBlockTokens; i < end; ++i) {
            if (lease.blocks[group][i] != kNoBlock) continue;
            lease.blocks[group][i] = newBlock(*m_pools[group]).value();
            lease.addresses[group][i] = m_pools[group]->data(lease.blocks[group][i]);
        }
    }
    if (needsState) lease.state = newBlock(*m_states).value();
    return true;
}

std::byte* KvCache::stateOf(const LeaseRecord& lease) const {
    return m_states ? m_states->data(lease.state) : nullptr;
}

std::size_t KvCache::capacityTokens() const {
    return kvTokensWithin(m_shape, m_tier.limitBytes(), kUnlimitedTokens, m_stepTokens);
}

std::optional<std::pair<bool, std::uint64_t>> KvCache::coldest() const {
    if (const auto stale = m_index.oldestStale()) return std::pair{false, m_index.at(stale->first).staleSince[stale->second]};
    const NodeId leaf = m_index.coldestLeaf();
    if (leaf == kNoNode) return std::nullopt;
    return std::pair{m_index.at(leaf).unsavedSince > 0, m_index.at(leaf).lastUse};
}

void KvCache::evictColdest() {
    if (const auto stale = m_index.oldestStale()) {
        const auto [node, group] = *stale;
        indexDrops(*m_pools[group], std::exchange(m_index.at(node).payload[group], kNoBlock));
        m_index.clearStale(node, group);
    } else {
        removeNode(m_index.coldestLeaf());
    }
}

std::size_t KvCache::touchedBytes() const {
    std::size_t bytes = m_states ? m_states->touchedBytes() : 0;
    for (const auto& pool : m_pools)
        if (pool) bytes += pool->touchedBytes();
    return bytes;
}

void KvCache::discardFree() {
    if (m_states) m_states->discardFree();
    for (const auto& pool : m_pools)
        if (pool) pool->discardFree();
}

bool KvCache::prepare(std::size_t tokens, std::size_t mostBytes) {
    for (const auto& pool : m_pools)
        if (pool && pool->prepare(std::min(roundUpBlocks(tokens) * pool->strideBytes(), mostBytes))) return true;
    return false;
}

// A node that no lease holds any more, with all it has.
void KvCache::removeNode(NodeId id) {
    while (!m_index.at(id).snapshots.empty()) dropSnapshot(id, 0);
    for (std::size_t group = 0; group < m_pools.size(); ++group) {
        const BlockId block = std::exchange(m_index.at(id).payload[group], kNoBlock);
        if (block != kNoBlock) indexDrops(*m_pools[group], block);
    }
    m_index.remove(id);
}

void KvCache::holdNode(NodeId node) {
    if (m_index.at(node).leases == 0) m_cachedBytes -= snapshotBytes(node);
    m_index.hold(node);
}

void KvCache::letGoNode(NodeId node) {
    m_index.letGo(node);
    if (m_index.at(node).leases == 0) m_cachedBytes += snapshotBytes(node);
    m_tier.noteRoom();
}

std::size_t KvCache::snapshotBytes(NodeId node) const {
    return m_states ? m_index.at(node).snapshots.size() * m_states->strideBytes() : 0;
}

std::optional<BlockId> KvCache::newBlock(BlockPool& pool) {
    if (!m_tier.take(pool.strideBytes())) return std::nullopt;
    m_usedBytes += pool.strideBytes();
    const std::size_t touched = pool.touchedBytes();
    const auto block = pool.allocate();
    assert(block);
    if (pool.touchedBytes() > touched) m_tier.keepWithinTouched();
    return block;
}

void KvCache::leaseHolds(BlockPool& pool, BlockId block) {
    if (pool.references(block) == 1) m_cachedBytes -= pool.strideBytes();
    pool.retain(block);
}

void KvCache::leaseDrops(BlockPool& pool, BlockId block) {
    pool.release(block);
    m_tier.noteRoom();
    if (pool.references(block) == 1) m_cachedBytes += pool.strideBytes();  // the index has it
    if (pool.references(block) > 0) return;
    m_usedBytes -= pool.strideBytes();
    m_tier.give(pool.strideBytes());
}

void KvCache::indexDrops(BlockPool& pool, BlockId block) {
    const bool last = pool.references(block) == 1;
    pool.release(block);
    if (!last) return;
    m_cachedBytes -= pool.strideBytes();
    m_usedBytes -= pool.strideBytes();
    m_tier.give(pool.strideBytes());
}

}  // namespace larder::kv
