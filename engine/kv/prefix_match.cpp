#include "engine/kv/prefix_match.h"

#include <algorithm>

namespace larder::kv {
namespace {

// The nodes that hold the known tokens: full ones, and at the end perhaps one that is shared in part.
struct KnownPath {
    std::vector<NodeId> nodes;
    std::size_t tokens = 0;
};

KnownPath walk(const BlockIndex& index, std::span<const TokenId> prefix) {
    KnownPath known;
    KeyChain keys(index.at(kRootNode).key);
    NodeId parent = kRootNode;
    for (std::size_t block = 0; (block + 1) * kBlockTokens <= prefix.size(); ++block) {
        const NodeId node = index.find(keys.key(block, prefix), parent, prefix.subspan(block * kBlockTokens, kBlockTokens));
        if (node == kNoNode) break;
        known.nodes.push_back(node);
        parent = node;
    }
    known.tokens = known.nodes.size() * kBlockTokens;
    const std::span<const TokenId> rest = prefix.subspan(known.tokens);
    const auto closest = index.closestChild(parent, rest.first(std::min<std::size_t>(rest.size(), kBlockTokens - 1)));
    if (closest.common == 0) return known;
    known.nodes.push_back(closest.node);
    known.tokens += closest.common;
    return known;
}

// Whether the payload of every window group that position `tokens` reads is there.
class WindowsThere {
public:
    WindowsThere(const BlockIndex& index, const KvShape& shape, const std::vector<NodeId>& nodes) : m_shape(shape) {
        m_presentSince.resize(shape.groups.size());
        for (std::size_t group = 1; group < shape.groups.size(); ++group) {
            if (shape.groups[group].blockBytes == 0) continue;
            std::size_t since = 0;
            for (std::size_t block = 0; block < nodes.size(); ++block) {
                if (index.at(nodes[block]).payload[group] == kNoBlock) since = block + 1;
                m_presentSince[group].push_back(since);
            }
        }
    }

    bool at(std::size_t tokens) const {
        for (std::size_t group = 1; group < m_shape.groups.size() && tokens > 0; ++group) {
            if (m_presentSince[group].empty()) continue;
            if (m_presentSince[group][(tokens - 1) / kBlockTokens] > firstBlockRead(m_shape.groups[group], tokens)) return false;
        }
        return true;
    }

private:
    const KvShape& m_shape;
    std::vector<std::vector<std::size_t>> m_presentSince;  // [groups][blocks] first block of the unbroken row that ends here
};

// Where a model without state can go on: at the end of what is known, else at the end of a block.
std::size_t lastCompletePosition(const KnownPath& known, const WindowsThere& windows) {
    if (windows.at(known.tokens)) return known.tokens;
    std::size_t blocks = known.tokens / kBlockTokens;
    while (blocks > 0 && !windows.at(blocks * kBlockTokens)) --blocks;
    return blocks * kBlockTokens;
}

struct StateAt {
    std::size_t tokens = 0;
    BlockId state = kNoBlock;
};

StateAt lastState(const BlockIndex& index, const KnownPath& known, const WindowsThere& windows) {
    for (std::size_t block = known.nodes.size(); block-- > 0;) {
        const auto& snapshots = index.at(known.nodes[block]).snapshots;
        for (auto snapshot = snapshots.rbegin(); snapshot != snapshots.rend(); ++snapshot) {
            const std::size_t position = block * kBlockTokens + snapshot->offset;
            if (position <= known.tokens && windows.at(position)) return {position, snapshot->state};
        }
    }
    return {};
}

}  // namespace

std::size_t firstBlockRead(const KvGroup& group, std::size_t tokens) {
    if (group.windowTokens == 0 || tokens <= group.windowTokens) return 0;
    return (tokens - group.windowTokens) / kBlockTokens;
}

PrefixMatch matchPrefix(const BlockIndex& index, const KvShape& shape, std::span<const TokenId> prefix) {
    KnownPath known = walk(index, prefix);
    const WindowsThere windows(index, shape, known.nodes);
    PrefixMatch match;
    match.known = known.tokens;
    if (shape.stateBytes > 0) {
        const StateAt last = lastState(index, known, windows);
        match.tokens = last.tokens;
        match.state = last.state;
    } else {
        match.tokens = lastCompletePosition(known, windows);
    }
    if (match.tokens % kBlockTokens != 0) match.partial = known.nodes[match.tokens / kBlockTokens];
    known.nodes.resize(match.tokens / kBlockTokens);
    match.path = std::move(known.nodes);
    return match;
}

}  // namespace larder::kv
