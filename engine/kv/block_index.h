// What filled blocks hold: a tree of token blocks, found by key or by comparing tokens (design §5.2, §5.3). A node is one
// block of a known prefix: full (64 tokens, never changes again) or a tail (fewer; grows while a lease fills it). Knows
// numbers of pool blocks, not their bytes, and counts no references: KvCache does. Engine thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/kv/block_key.h"
#include "engine/kv/block_pool.h"
#include "engine/kv/snapshot_policy.h"
#include "engine/types.h"

namespace larder::kv {

enum class NodeId : std::uint32_t {};
inline constexpr NodeId kRootNode{0};
inline constexpr NodeId kNoNode{0xffffffff};

struct StateSnapshot {
    std::size_t offset = 0;       // tokens of the node before it, 1..64
    SnapshotKind kind = SnapshotKind::Rolling;
    BlockId state = kNoBlock;
};

struct Node {
    BlockKey key;                 // of a full node
    NodeId parent = kNoNode;
    std::size_t depth = 0;        // number of the block in its sequence; the root has none
    std::size_t count = 0;        // tokens it holds, 1..64
    std::array<TokenId, kBlockTokens> tokens{};
    std::vector<NodeId> children;
    std::vector<BlockId> payload;           // [groups] kNoBlock where evicted, or where the group keeps nothing
    std::vector<std::uint64_t> staleSince;  // [groups] tick since when no end of a conversation needs it; 0 = not stale
    std::vector<StateSnapshot> snapshots;   // by rising offset
    std::size_t leases = 0;       // that go through it; then through its parent too
    std::uint64_t lastUse = 0;
    std::uint64_t unsavedSince = 0;  // tick since when something of it waits to be written to the disk; 0 = nothing does
    std::uint32_t uses = 0;       // leases that found it
    bool pinned = false;          // to be pinned when it is written
    bool fleeting = false;        // forgotten when its last lease ends, and never written

    bool full() const { return count == kBlockTokens; }
    std::span<const TokenId> held() const { return std::span(tokens).first(count); }
};

class BlockIndex {
public:
    BlockIndex(std::size_t groups, const BlockKey& root);

    Node& at(NodeId node);
    const Node& at(NodeId node) const;
    std::size_t size() const { return m_nodes.size() - m_unused.size() - 1; }  // without the root

    // The full child of parent with this key and these tokens; kNoNode when there is none.
    NodeId find(const BlockKey& key, NodeId parent, std::span<const TokenId> tokens) const;

    // The child that has most leading tokens in common with these, and how many (0: none).
    struct Closest {
        NodeId node = kNoNode;
        std::size_t common = 0;
    };
    Closest closestChild(NodeId parent, std::span<const TokenId> tokens) const;

    // A new tail without payload.
    NodeId add(NodeId parent, std::span<const TokenId> tokens);
    void extend(NodeId tail, std::span<const TokenId> tokens);  // tokens: all it holds from now on, fewer than 64 were held
    void complete(NodeId tail, const BlockKey& key);            // REQUIRES 64 tokens and a new key
    void remove(NodeId node);                                   // REQUIRES no children, no leases

    // Leases hold nodes; ones that are not held and have no children can be evicted, the one that was not used for the
    // longest time first, deeper ones before their parents.
    void hold(NodeId node);
    void letGo(NodeId node);
    void touch(NodeId node, std::uint64_t tick);                // no effect when it was used later already
    NodeId coldestLeaf() const;                                 // kNoNode: nothing can be evicted. Saved ones before others

    // What waits to be written to the disk, oldest first. Such nodes are evicted after those that are written or need not be.
    void markUnsaved(NodeId node, std::uint64_t tick);          // no effect when it is marked already
    void clearUnsaved(NodeId node);
    NodeId oldestUnsaved() const;                               // kNoNode: none
    std::size_t unsaved() const { return m_unsaved.size(); }

    // Window payload that no end of a conversation needs: evicted before any leaf, oldest first.
    void markStale(NodeId node, std::size_t group, std::uint64_t tick);
    void clearStale(NodeId node, std::size_t group);
    std::optional<std::pair<NodeId, std::size_t>> oldestStale() const;

    // Calls f(NodeId, const Node&) for every node but the root.
    template <class F>
    void forEach(const F& f) const {
        for (std::size_t i = 1; i < m_nodes.size(); ++i)
            if (m_nodes[i].parent != kNoNode) f(NodeId{static_cast<std::uint32_t>(i)}, m_nodes[i]);
    }

    // Empty, or one sentence: parents and children agree, keys resolve, full nodes are found, the eviction order is complete.
    std::string checkIntegrity() const;

private:
    using Rank = std::tuple<bool, std::uint64_t, std::size_t, NodeId>;  // unsaved, lastUse, deeper first, number
    using StaleRank = std::tuple<std::uint64_t, NodeId, std::size_t>;
    Rank rank(NodeId node) const;
    bool evictable(const Node& node) const { return node.leases == 0 && node.children.empty(); }
    void listLeaf(NodeId node);
    void unlistLeaf(NodeId node);

    std::size_t m_groups;
    std::vector<Node> m_nodes;          // the root first; unused ones have no parent
    std::vector<NodeId> m_unused;
    std::unordered_map<BlockKey, NodeId, BlockKeyHash> m_full;
    std::set<Rank> m_leaves;            // the evictable nodes
    std::set<StaleRank> m_stale;
    std::set<std::pair<std::uint64_t, NodeId>> m_unsaved;
};

}  // namespace larder::kv
