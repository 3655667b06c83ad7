// How what is known gets to the disk (design §5.5): nodes that wait to be written, oldest first, are handed to the cold store
// block by block, each behind its parent. What the store does not take now waits, and is still to be had in RAM.
#include <algorithm>
#include <utility>

#include "engine/kv/kv_cache.h"

namespace larder::kv {

void KvCache::wantSaved(NodeId node) {
    if (m_tier.saves() && !m_index.at(node).fleeting) m_index.markUnsaved(node, m_tier.tick());
}

void KvCache::wantMissingSaved() {
    std::vector<NodeId> missing;
    m_index.forEach([&](NodeId id, const Node& node) {
        if (node.full() ? !m_tier.cold()->find(node.key) : node.leases == 0 && !m_tier.cold()->find(tailKey(m_index.at(node.parent).key, node.held())))
            missing.push_back(id);
    });
    for (const NodeId each : missing) wantSaved(each);
}

// The oldest one, or the first of its ancestors that is not on the disk any more.
std::size_t KvCache::saveOldest() {
    const NodeId oldest = m_index.oldestUnsaved();
    NodeId first = oldest;
    for (NodeId parent = m_index.at(first).parent; parent != kRootNode && !m_tier.cold()->find(m_index.at(parent).key);
         parent = m_index.at(first).parent)
        first = parent;
    std::size_t bytes = 1;
    StageResult result = stagePayload(first, bytes);
    if (result == StageResult::Staged || result == StageResult::AlreadyThere) result = stageStates(first, bytes);
    switch (result) {
        case StageResult::Full:
            return 0;
        case StageResult::Staged:
        case StageResult::AlreadyThere:
            m_index.clearUnsaved(first);
            break;
        case StageResult::NoParent:  // evicted just now: the next call begins with it
            break;
        case StageResult::NotAdmitted:
        case StageResult::Off:       // when it is used again it is tried again
            m_index.clearUnsaved(first);
            m_index.clearUnsaved(oldest);
            break;
    }
    return bytes;
}

StageResult KvCache::stagePayload(NodeId id, std::size_t& bytes) {
    const Node& node = m_index.at(id);
    const BlockKey& parent = m_index.at(node.parent).key;
    const BlockKey key = node.full() ? node.key : tailKey(parent, node.held());
    if (m_tier.cold()->find(key)) return StageResult::AlreadyThere;
    ColdBlock block;
    block.head.kind = node.full() ? ColdKind::Full : ColdKind::Tail;
    block.head.key = key;
    block.head.parent = parent;
    block.head.identity = m_identity;
    block.head.position = node.depth * kBlockTokens;
    block.head.tokens.assign(node.held().begin(), node.held().end());
    block.head.elementBytes = m_shape.elementBytes;
    block.pinned = node.pinned;
    block.uses = node.uses + 1;  // and by the one who computed it
    for (std::size_t group = 0; group < m_pools.size(); ++group) {
        if (node.payload[group] == kNoBlock) continue;
        const std::size_t size = m_shape.groups[group].blockBytes;
        block.head.parts.push_back({.group = static_cast<int>(group), .rawBytes = size});
        block.payload.push_back({m_pools[group]->data(node.payload[group]), size});
        bytes += size;
    }
    return m_tier.cold()->stage(block);
}

StageResult KvCache::stageStates(NodeId id, std::size_t& bytes) {
    const Node& node = m_index.at(id);
    const BlockKey& parent = m_index.at(node.parent).key;
    for (const StateSnapshot& snapshot : node.snapshots) {
        ColdBlock block;
        block.head.kind = ColdKind::State;
        block.head.parent = parent;
        block.head.identity = m_identity;
        block.head.position = node.depth * kBlockTokens;
        block.head.tokens.assign(node.tokens.begin(), node.tokens.begin() + static_cast<std::ptrdiff_t>(snapshot.offset));
        block.head.key = stateKey(parent, block.head.tokens);
        if (m_tier.cold()->find(block.head.key)) continue;
        block.head.elementBytes = m_shape.elementBytes;
        block.head.parts.push_back({.group = -1, .rawBytes = m_shape.stateBytes});
        block.payload.push_back({m_states->data(snapshot.state), m_shape.stateBytes});
        block.pinned = node.pinned;
        block.uses = node.uses + 1;  // and by the one who computed it
        const StageResult result = m_tier.cold()->stage(block);
        if (result != StageResult::Staged && result != StageResult::AlreadyThere) return result;
        bytes += m_shape.stateBytes;
    }
    return StageResult::Staged;
}

void KvCache::pin(LeaseRecord& lease, std::size_t tokens) {
    if (m_tier.cold() == nullptr || lease.keep == Keep::Nothing) return;
    std::vector<BlockKey> keys;
    for (std::size_t i = 0; i < std::min(tokens / kBlockTokens, lease.nodes.size()) && lease.nodes[i] != kNoNode; ++i) {
        Node& node = m_index.at(lease.nodes[i]);
        if (std::exchange(node.pinned, true) || !node.full()) continue;
        keys.push_back(node.key);
        wantSaved(lease.nodes[i]);
    }
    m_tier.cold()->pinAll(keys);
}

}  // namespace larder::kv
