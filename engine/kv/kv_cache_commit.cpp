// How filled positions become known blocks, and what becomes of them when a lease ends.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "engine/kv/kv_cache.h"

namespace larder::kv {

void KvCache::commit(LeaseRecord& lease, std::span<const TokenId> tokens, std::size_t computed) {
    assert(computed >= lease.committed && computed <= tokens.size() && computed <= lease.nodes.size() * kBlockTokens);
    if (computed == lease.committed) return;
    for (std::size_t block = lease.committed / kBlockTokens; block * kBlockTokens < computed; ++block)
        commitBlock(lease, block, tokens, std::min<std::size_t>(kBlockTokens, computed - block * kBlockTokens));
    lease.committed = computed;
    leavePassedWindows(lease);
}

// The first `count` positions of a block are filled.
void KvCache::commitBlock(LeaseRecord& lease, std::size_t block, std::span<const TokenId> tokens, std::size_t count) {
    const std::span<const TokenId> held = tokens.subspan(block * kBlockTokens, count);
    if (count == kBlockTokens && shareKnown(lease, block, tokens)) return;
    NodeId& node = lease.nodes[block];
    if (node == kNoNode) {
        node = m_index.add(block == 0 ? kRootNode : lease.nodes[block - 1], held);
        holdNode(node);
        m_index.at(node).fleeting = lease.keep == Keep::Nothing;
        for (std::size_t group = 0; group < m_pools.size(); ++group) {
            if (!m_pools[group] || lease.blocks[group][block] == kNoBlock) continue;
            m_index.at(node).payload[group] = lease.blocks[group][block];
            m_pools[group]->retain(lease.blocks[group][block]);
        }
    } else if (!m_index.at(node).full()) {
        m_index.extend(node, held);
    }
    if (count < kBlockTokens) return;
    m_index.complete(node, lease.keys.key(block, tokens));
    if (m_index.at(node).fleeting) return;
    dropCoveredTails(node);
    wantSaved(node);
}

// A full block that is known already is held once: the lease takes the known one, and gives it what it lacks.
bool KvCache::shareKnown(LeaseRecord& lease, std::size_t block, std::span<const TokenId> tokens) {
    const NodeId parent = block == 0 ? kRootNode : lease.nodes[block - 1];
    const NodeId known = m_index.find(lease.keys.key(block, tokens), parent, tokens.subspan(block * kBlockTokens, kBlockTokens));
    if (known == kNoNode) return false;
    const NodeId own = std::exchange(lease.nodes[block], known);
    assert(own != known);
    holdNode(known);
    if (lease.keep != Keep::Nothing && std::exchange(m_index.at(known).fleeting, false)) wantSaved(known);
    for (std::size_t group = 0; group < m_pools.size(); ++group) {
        if (!m_pools[group]) continue;
        BlockId& there = m_index.at(known).payload[group];
        BlockId& here = lease.blocks[group][block];
        if (here == kNoBlock) continue;
        if (there == kNoBlock) {
            there = here;
            m_pools[group]->retain(here);
            continue;
        }
        leaseHolds(*m_pools[group], there);
        m_index.clearStale(known, group);
        leaseDrops(*m_pools[group], std::exchange(here, there));
        lease.addresses[group][block] = m_pools[group]->data(here);
    }
    if (own == kNoNode) return true;
    moveSnapshots(own, known);
    letGoNode(own);
    removeNode(own);
    return true;
}

// Blocks behind the window are nobody's any more unless a conversation ends there: first to go when room is needed.
void KvCache::leavePassedWindows(LeaseRecord& lease) {
    for (std::size_t group = 1; group < m_pools.size(); ++group) {
        if (!m_pools[group]) continue;
        for (std::size_t i = firstBlockRead(m_shape.groups[group], lease.committed); i-- > 0;) {
            const BlockId block = std::exchange(lease.blocks[group][i], kNoBlock);
            if (block == kNoBlock) break;
            lease.addresses[group][i] = nullptr;
            leaseDrops(*m_pools[group], block);
            leaveBehind(lease.nodes[i], group);
        }
    }
}

// Tails whose tokens this full node begins with say nothing it does not say.
void KvCache::dropCoveredTails(NodeId node) {
    const std::vector<NodeId> siblings = m_index.at(m_index.at(node).parent).children;
    for (const NodeId tail : siblings) {
        const Node& each = m_index.at(tail);
        if (tail == node || each.full() || each.leases > 0 || each.count > m_index.at(node).count) continue;
        const auto held = each.held();
        if (!std::equal(held.begin(), held.end(), m_index.at(node).tokens.begin())) continue;
        moveSnapshots(tail, node);
        removeNode(tail);
    }
}

void KvCache::moveSnapshots(NodeId from, NodeId to) {
    auto& target = m_index.at(to).snapshots;
    for (std::size_t i = 0; i < m_index.at(from).snapshots.size();) {
        const StateSnapshot snapshot = m_index.at(from).snapshots[i];
        const bool there = std::any_of(target.begin(), target.end(), [&](const StateSnapshot& each) { return each.offset == snapshot.offset; });
        if (there) {
            ++i;
            continue;
        }
        if (m_index.at(from).leases == 0) m_cachedBytes -= m_states->strideBytes();
        if (m_index.at(to).leases == 0) m_cachedBytes += m_states->strideBytes();
        m_index.at(from).snapshots.erase(m_index.at(from).snapshots.begin() + static_cast<std::ptrdiff_t>(i));
        target.insert(std::upper_bound(target.begin(), target.end(), snapshot,
                                       [](const StateSnapshot& a, const StateSnapshot& b) { return a.offset < b.offset; }),
                      snapshot);
    }
}

void KvCache::keepState(LeaseRecord& lease, SnapshotKind kind) {
    if (!m_states || lease.committed == 0 || lease.keep == Keep::Nothing) return;
    const std::size_t block = (lease.committed - 1) / kBlockTokens;
    // A state that was found at exactly this place, with nothing computed since.
    if (lease.nodes[block] == kNoNode) return;
    if (!addSnapshot(lease.nodes[block], lease.committed - block * kBlockTokens, kind, m_states->data(lease.state))) return;
    if (m_index.at(lease.nodes[block]).full()) wantSaved(lease.nodes[block]);
    thinSnapshots(lease);
}

// REQUIRES that a lease holds the node. False: no room.
bool KvCache::addSnapshot(NodeId node, std::size_t offset, SnapshotKind kind, const std::byte* state) {
    auto& snapshots = m_index.at(node).snapshots;
    const auto same = std::find_if(snapshots.begin(), snapshots.end(), [&](const StateSnapshot& each) { return each.offset == offset; });
    if (same != snapshots.end()) {
        same->kind = std::max(same->kind, kind);
        return true;
    }
    const auto copy = newBlock(*m_states);
    if (!copy) return false;
    std::memcpy(m_states->data(*copy), state, m_shape.stateBytes);
    // newBlock may have evicted others: look again.
    auto& list = m_index.at(node).snapshots;
    list.insert(std::upper_bound(list.begin(), list.end(), offset, [](std::size_t a, const StateSnapshot& b) { return a < b.offset; }),
                {offset, kind, *copy});
    return true;
}

void KvCache::thinSnapshots(const LeaseRecord& lease) {
    struct Place {
        NodeId node;
        std::size_t offset;
    };
    std::vector<SnapshotPoint> points;
    std::vector<Place> places;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < lease.nodes.size() && lease.nodes[i] != kNoNode; ++i) {
        for (const auto& pool : m_pools) bytes += pool ? pool->strideBytes() : 0;
        for (const StateSnapshot& snapshot : m_index.at(lease.nodes[i]).snapshots) {
            points.push_back({i * kBlockTokens + snapshot.offset, snapshot.kind});
            places.push_back({lease.nodes[i], snapshot.offset});
        }
    }
    for (const std::size_t each : snapshotsToDrop(points, m_states->strideBytes(), bytes)) {
        const auto& list = m_index.at(places[each].node).snapshots;
        const auto found = std::find_if(list.begin(), list.end(), [&](const StateSnapshot& s) { return s.offset == places[each].offset; });
        const Node& node = m_index.at(places[each].node);
        if (m_tier.cold() != nullptr) m_tier.cold()->drop(stateKey(m_index.at(node.parent).key, node.held().first(places[each].offset)));
        dropSnapshot(places[each].node, static_cast<std::size_t>(found - list.begin()));
    }
}

void KvCache::dropSnapshot(NodeId id, std::size_t which) {
    auto& snapshots = m_index.at(id).snapshots;
    const BlockId state = snapshots[which].state;
    snapshots.erase(snapshots.begin() + static_cast<std::ptrdiff_t>(which));
    m_states->release(state);
    if (m_index.at(id).leases == 0) m_cachedBytes -= m_states->strideBytes();
    m_usedBytes -= m_states->strideBytes();
    m_tier.give(m_states->strideBytes());
}

void KvCache::release(LeaseRecord& lease) {
    std::erase(m_leases, &lease);
    const std::uint64_t tick = m_tier.tickFor(lease.keep);
    std::size_t known = 0;
    while (known < lease.nodes.size() && lease.nodes[known] != kNoNode) m_index.touch(lease.nodes[known++], tick);
    // Last first: whoever allocates next gets the low numbers again.
    for (std::size_t group = 0; group < m_pools.size(); ++group)
        for (std::size_t i = lease.blocks[group].size(); i-- > 0;)
            if (lease.blocks[group][i] != kNoBlock) {
                leaseDrops(*m_pools[group], lease.blocks[group][i]);
                // Others hold it still, further on.
                if (i < known && m_index.at(lease.nodes[i]).leases > 1) leaveBehind(lease.nodes[i], group);
            }
    for (std::size_t i = known; i-- > 0;) letGoNode(lease.nodes[i]);
    if (lease.state != kNoBlock) leaseDrops(*m_states, lease.state);
    if (known > 0) settleTail(lease.nodes[known - 1]);
    if (lease.keep == Keep::Nothing) forgetFleeting(lease.nodes);
}

// A tail is kept unless a sibling begins with it, and replaces those it begins with.
void KvCache::settleTail(NodeId tail) {
    const Node& node = m_index.at(tail);
    if (node.full() || node.leases > 0 || node.fleeting) return;
    for (const NodeId sibling : m_index.at(node.parent).children) {
        const Node& each = m_index.at(sibling);
        if (sibling == tail || each.count < node.count) continue;
        if (each.fleeting) continue;
        const bool complete = std::find(each.payload.begin(), each.payload.end(), kNoBlock) == each.payload.end();
        if (!complete || !std::equal(node.held().begin(), node.held().end(), each.tokens.begin())) continue;
        moveSnapshots(tail, sibling);
        removeNode(tail);
        return;
    }
    dropCoveredTails(tail);
    wantSaved(tail);
}

// Last first: those in front of others that stay, stay too.
void KvCache::forgetFleeting(const std::vector<NodeId>& nodes) {
    for (std::size_t i = nodes.size(); i-- > 0;) {
        if (nodes[i] == kNoNode) continue;
        const Node& node = m_index.at(nodes[i]);
        if (!node.fleeting || node.leases > 0 || !node.children.empty()) return;
        removeNode(nodes[i]);
    }
}

}  // namespace larder::kv
