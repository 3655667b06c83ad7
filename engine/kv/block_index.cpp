#include "engine/kv/block_index.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace larder::kv {
namespace {

std::size_t number(NodeId node) {
    return static_cast<std::size_t>(node);
}

std::size_t commonTokens(std::span<const TokenId> a, std::span<const TokenId> b) {
    const std::size_t most = std::min(a.size(), b.size());
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(most), b.begin()).first -
                                    a.begin());
}

}  // namespace

// Invariants: the root is node 0 and its own parent; a node that is not used has no parent. A lease that holds a node
// holds its ancestors. m_leaves has exactly the nodes but the root that are not held and have no children; m_full exactly
// the completed ones.

BlockIndex::BlockIndex(std::size_t groups, const BlockKey& root) : m_groups(groups) {
    Node node;
    node.key = root;
    node.parent = kRootNode;
    m_nodes.push_back(std::move(node));
}

Node& BlockIndex::at(NodeId node) {
    assert(number(node) < m_nodes.size());
    return m_nodes[number(node)];
}

const Node& BlockIndex::at(NodeId node) const {
    assert(number(node) < m_nodes.size());
    return m_nodes[number(node)];
}

NodeId BlockIndex::find(const BlockKey& key, NodeId parent, std::span<const TokenId> tokens) const {
    const auto found = m_full.find(key);
    if (found == m_full.end()) return kNoNode;
    const Node& node = at(found->second);
    const bool same = node.parent == parent && std::equal(node.tokens.begin(), node.tokens.end(), tokens.begin(), tokens.end());
    return same ? found->second : kNoNode;
}

BlockIndex::Closest BlockIndex::closestChild(NodeId parent, std::span<const TokenId> tokens) const {
    Closest closest;
    for (const NodeId child : at(parent).children) {
        const std::size_t common = commonTokens(at(child).held(), tokens);
        if (common > closest.common) closest = {child, common};
    }
    return closest;
}

NodeId BlockIndex::add(NodeId parent, std::span<const TokenId> tokens) {
    assert(!tokens.empty() && tokens.size() <= kBlockTokens);
    NodeId id{static_cast<std::uint32_t>(m_nodes.size())};
    if (m_unused.empty()) {
        m_nodes.emplace_back();
    } else {
        id = m_unused.back();
        m_unused.pop_back();
    }
    Node& node = at(id);
    node.parent = parent;
    node.depth = parent == kRootNode ? 0 : at(parent).depth + 1;
    node.count = tokens.size();
    std::copy(tokens.begin(), tokens.end(), node.tokens.begin());
    node.payload.assign(m_groups, kNoBlock);
    node.staleSince.assign(m_groups, 0);
    unlistLeaf(parent);
    at(parent).children.push_back(id);
    listLeaf(id);
    return id;
}

void BlockIndex::extend(NodeId tail, std::span<const TokenId> tokens) {
    Node& node = at(tail);
    assert(!node.full() && tokens.size() > node.count && tokens.size() <= kBlockTokens);
    std::copy(tokens.begin() + static_cast<std::ptrdiff_t>(node.count), tokens.end(),
              node.tokens.begin() + static_cast<std::ptrdiff_t>(node.count));
    node.count = tokens.size();
}

void BlockIndex::complete(NodeId tail, const BlockKey& key) {
    Node& node = at(tail);
    assert(node.full());
    node.key = key;
    // A key that is taken already belongs to other tokens (one in 2^128): this node stays without, found by comparing.
    m_full.try_emplace(key, tail);
}

void BlockIndex::remove(NodeId id) {
    Node& node = at(id);
    assert(id != kRootNode && evictable(node) && node.parent != kNoNode);
    clearUnsaved(id);
    unlistLeaf(id);
    for (std::size_t group = 0; group < m_groups; ++group) clearStale(id, group);
    if (const auto found = m_full.find(node.key); node.full() && found != m_full.end() && found->second == id) m_full.erase(found);
    const NodeId parent = node.parent;
    std::erase(at(parent).children, id);
    node = Node{};
    m_unused.push_back(id);
    listLeaf(parent);
}

void BlockIndex::hold(NodeId node) {
    unlistLeaf(node);
    ++at(node).leases;
}

void BlockIndex::letGo(NodeId node) {
    assert(at(node).leases > 0);
    --at(node).leases;
    listLeaf(node);
}

void BlockIndex::touch(NodeId node, std::uint64_t tick) {
    unlistLeaf(node);
    at(node).lastUse = std::max(at(node).lastUse, tick);
    listLeaf(node);
}

NodeId BlockIndex::coldestLeaf() const {
    return m_leaves.empty() ? kNoNode : std::get<NodeId>(*m_leaves.begin());
}

void BlockIndex::markStale(NodeId id, std::size_t group, std::uint64_t tick) {
    clearStale(id, group);
    at(id).staleSince[group] = tick;
    m_stale.insert({tick, id, group});
}

void BlockIndex::clearStale(NodeId id, std::size_t group) {
    std::uint64_t& since = at(id).staleSince[group];
    if (since == 0) return;
    m_stale.erase({since, id, group});
    since = 0;
}

std::optional<std::pair<NodeId, std::size_t>> BlockIndex::oldestStale() const {
    if (m_stale.empty()) return std::nullopt;
    const auto& [tick, node, group] = *m_stale.begin();
    return std::pair{node, group};
}

void BlockIndex::markUnsaved(NodeId id, std::uint64_t tick) {
    if (at(id).unsavedSince > 0) return;
    unlistLeaf(id);
    at(id).unsavedSince = tick;
    m_unsaved.insert({tick, id});
    listLeaf(id);
}

void BlockIndex::clearUnsaved(NodeId id) {
    if (at(id).unsavedSince == 0) return;
    unlistLeaf(id);
    m_unsaved.erase({at(id).unsavedSince, id});
    at(id).unsavedSince = 0;
    listLeaf(id);
}

NodeId BlockIndex::oldestUnsaved() const {
    return m_unsaved.empty() ? kNoNode : m_unsaved.begin()->second;
}

BlockIndex::Rank BlockIndex::rank(NodeId node) const {
    return {at(node).unsavedSince > 0, at(node).lastUse, std::numeric_limits<std::size_t>::max() - at(node).depth, node};
}

void BlockIndex::listLeaf(NodeId node) {
    if (node != kRootNode && evictable(at(node))) m_leaves.insert(rank(node));
}

void BlockIndex::unlistLeaf(NodeId node) {
    if (node != kRootNode && evictable(at(node))) m_leaves.erase(rank(node));
}

std::string BlockIndex::checkIntegrity() const {
    std::size_t full = 0;
    std::size_t leaves = 0;
    std::size_t stale = 0;
    std::size_t unsaved = 0;
    std::string broken;
    forEach([&](NodeId id, const Node& node) {
        const std::string name = "node " + std::to_string(number(id));
        const Node& parent = at(node.parent);
        if (std::count(parent.children.begin(), parent.children.end(), id) != 1) broken = "The parent of " + name + " does not list it once.";
        if (node.parent != kRootNode && !parent.full()) broken = "The parent of " + name + " is not full.";
        if (node.parent != kRootNode && parent.leases < node.leases) broken = "A lease holds " + name + " but not its parent.";
        if (node.count == 0 || node.count > kBlockTokens) broken = "The tokens of " + name + " are counted wrongly.";
        if (const auto found = m_full.find(node.key); node.full() && found != m_full.end() && found->second == id) {
            if (node.key != childKey(parent.key, node.held())) broken = "The key of " + name + " is not that of its tokens.";
            ++full;
        }
        if (evictable(node)) {
            ++leaves;
            if (!m_leaves.contains(rank(id))) broken = "The leaf " + name + " is not in the order of eviction.";
        }
        if (node.unsavedSince > 0) {
            ++unsaved;
            if (!m_unsaved.contains({node.unsavedSince, id})) broken = "What waits to be written of " + name + " is not listed.";
        }
        for (std::size_t group = 0; group < m_groups; ++group) {
            if (node.staleSince[group] == 0) continue;
            ++stale;
            if (!m_stale.contains({node.staleSince[group], id, group})) broken = "Stale payload of " + name + " is not listed.";
        }
    });
    if (!broken.empty()) return broken;
    if (full != m_full.size()) return "A key does not lead to its node.";
    if (leaves != m_leaves.size()) return "The order of eviction holds nodes that are not leaves.";
    if (unsaved != m_unsaved.size()) return "What waits to be written is listed wrongly.";
    if (stale != m_stale.size()) return "The stale payload is listed wrongly.";
    return {};
}

}  // namespace larder::kv
