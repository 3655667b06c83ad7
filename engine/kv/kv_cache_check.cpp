// The invariants of a KV cache, counted anew.
#include <algorithm>
#include <map>

#include "engine/kv/kv_cache.h"

namespace larder::kv {
namespace {

// Who holds the blocks of one pool.
struct Holders {
    std::map<BlockId, std::uint32_t> leases;
    std::map<BlockId, std::uint32_t> index;
};

std::string comparePool(const BlockPool& pool, const Holders& holders, const std::string& name) {
    std::map<BlockId, std::uint32_t> all = holders.leases;
    for (const auto& [block, count] : holders.index) {
        if (count != 1) return "The index of " + name + " lists one block twice.";
        all[block] += count;
    }
    for (const auto& [block, count] : all)
        if (pool.references(block) != count) return "A block of " + name + " has the wrong number of references.";
    for (const auto& [block, count] : holders.leases)
        if (count > 1 && !holders.index.contains(block)) return "Leases share a block of " + name + " that the index does not know.";
    if (all.size() != pool.usedBlocks()) return "Blocks of " + name + " are used, but nobody holds them.";
    return pool.checkIntegrity();
}

}  // namespace

std::string KvCache::checkIntegrity() const {
    std::vector<Holders> pools(m_pools.size());
    Holders states;
    std::map<NodeId, std::size_t> nodeLeases;
    std::size_t cached = 0;
    for (const LeaseRecord* lease : m_leases) {
        for (std::size_t i = 0; i < lease->nodes.size(); ++i) {
            if (lease->nodes[i] != kNoNode) ++nodeLeases[lease->nodes[i]];
            for (std::size_t group = 0; group < m_pools.size(); ++group)
                if (lease->blocks[group][i] != kNoBlock) ++pools[group].leases[lease->blocks[group][i]];
        }
        if (lease->state != kNoBlock) ++states.leases[lease->state];
    }
    std::string broken;
    m_index.forEach([&](NodeId id, const Node& node) {
        const auto held = nodeLeases.find(id);
        if (node.leases != (held == nodeLeases.end() ? 0 : held->second)) broken = "A node counts the wrong number of leases.";
        for (std::size_t group = 0; group < m_pools.size(); ++group) {
            if (node.payload[group] == kNoBlock) {
                if (group == 0 && m_pools[0]) broken = "A node has lost its payload.";
                continue;
            }
            ++pools[group].index[node.payload[group]];
            if (m_pools[group]->references(node.payload[group]) > 1) continue;
            cached += m_pools[group]->strideBytes();
            if (node.leases > 0 && node.staleSince[group] == 0) broken = "A block that nobody reads cannot be evicted.";
        }
        for (const StateSnapshot& snapshot : node.snapshots) {
            ++states.index[snapshot.state];
            if (snapshot.offset == 0 || snapshot.offset > node.count) broken = "A snapshot lies outside its node.";
        }
        if (node.leases == 0) cached += snapshotBytes(id);
    });
    if (!broken.empty()) return broken;
    std::size_t used = 0;
    for (std::size_t group = 0; group < m_pools.size(); ++group) {
        if (!m_pools[group]) continue;
        used += m_pools[group]->usedBlocks() * m_pools[group]->strideBytes();
        if (auto problem = comparePool(*m_pools[group], pools[group], "layer group " + std::to_string(group)); !problem.empty()) return problem;
    }
    if (m_states) {
        used += m_states->usedBlocks() * m_states->strideBytes();
        if (auto problem = comparePool(*m_states, states, "the states"); !problem.empty()) return problem;
    }
    if (used != m_usedBytes) return "The used bytes are counted wrongly.";
    if (cached != m_cachedBytes) return "The cached bytes are counted wrongly.";
    if (auto problem = m_index.checkIntegrity(); !problem.empty()) return problem;
    return m_tier.checkIntegrity();
}

}  // namespace larder::kv
