#include "engine/kv/load_plan.h"

#include <algorithm>
#include <utility>

#include "engine/kv/prefix_match.h"

namespace larder::kv {
namespace {

// The full blocks of a prefix that are known, in RAM (as long as they go without a gap) or on the disk.
class KnownChain {
public:
    KnownChain(const BlockIndex& index, const ColdStore& cold, const KvShape& shape, std::span<const TokenId> prefix)
        : m_index(index), m_shape(shape), m_prefix(prefix), m_keys(index.at(kRootNode).key) {
        const bool windows = shape.groups.size() > 1;
        NodeId parent = kRootNode;
        for (std::size_t block = 0; (block + 1) * kBlockTokens <= prefix.size(); ++block) {
            const BlockKey& key = m_keys.key(block, prefix);
            const bool ramSoFar = path.size() == block;
            const NodeId node = ramSoFar ? index.find(key, parent, prefix.subspan(block * kBlockTokens, kBlockTokens)) : kNoNode;
            if (node != kNoNode) {
                path.push_back(node);
                parent = node;
                m_facts.push_back(windows ? cold.find(key) : std::nullopt);
                continue;
            }
            auto facts = cold.find(key);
            if (!facts || facts->kind != ColdKind::Full || !hasGroup(*facts, 0)) break;
            m_facts.push_back(std::move(facts));
        }
    }

    std::size_t blocks() const { return m_facts.size(); }
    const BlockKey& parentKey(std::size_t block) { return block == 0 ? m_index.at(kRootNode).key : m_keys.key(block - 1, m_prefix); }

    bool inRam(std::size_t block, std::size_t group) const {
        return block < path.size() && (m_shape.groups[group].blockBytes == 0 || m_index.at(path[block]).payload[group] != kNoBlock);
    }
    bool there(std::size_t block, std::size_t group) const {
        return inRam(block, group) || (m_facts[block] && hasGroup(*m_facts[block], group));
    }
    // Every full block that position `tokens` reads is there.
    bool windowsThere(std::size_t tokens) const {
        for (std::size_t group = 1; group < m_shape.groups.size(); ++group)
            for (std::size_t block = firstBlockRead(m_shape.groups[group], tokens); block < std::min(blocks(), (tokens + kBlockTokens - 1) / kBlockTokens); ++block)
                if (!there(block, group)) return false;
        return true;
    }
    bool hasGroup(const ColdFacts& facts, std::size_t group) const {
        return m_shape.groups[group].blockBytes == 0 || (facts.groups >> group & 1) != 0;
    }

    std::vector<NodeId> path;

private:
    const BlockIndex& m_index;
    const KvShape& m_shape;
    std::span<const TokenId> m_prefix;
    KeyChain m_keys;
    std::vector<std::optional<ColdFacts>> m_facts;  // [blocks] of those in RAM only where windows matter
};

std::vector<BlockKey> partlyEqual(KnownChain& chain, const ColdStore& cold, const KvShape& shape, std::span<const TokenId> rest) {
    std::vector<BlockKey> candidates = cold.closest(chain.parentKey(chain.blocks()), rest.first(std::min<std::size_t>(rest.size(), kBlockTokens)));
    std::erase_if(candidates, [&](const BlockKey& key) {
        const auto facts = cold.find(key);
        if (!facts || facts->kind == ColdKind::State) return true;
        for (std::size_t group = 0; group < shape.groups.size(); ++group)
            if (!chain.hasGroup(*facts, group)) return true;
        return false;
    });
    return candidates;
}

// Where a model without a state can go on, and whether in the middle of a block.
void chooseEnd(LoadPlan& plan, KnownChain& chain, std::vector<BlockKey> partly) {
    const std::size_t whole = chain.blocks() * kBlockTokens;
    if (!partly.empty() && chain.windowsThere(whole + 1)) {
        plan.tokens = whole + 1;
        plan.partly = std::move(partly);
        return;
    }
    std::size_t blocks = chain.blocks();
    while (blocks > 0 && !chain.windowsThere(blocks * kBlockTokens)) --blocks;
    plan.tokens = blocks * kBlockTokens;
}

// The last state on the disk behind blocks that are there.
void chooseState(LoadPlan& plan, KnownChain& chain, const ColdStore& cold, std::span<const TokenId> prefix, std::vector<BlockKey> partly) {
    for (std::size_t block = chain.blocks() + (partly.empty() ? 0 : 1); block-- > 0;) {
        const auto rest = prefix.subspan(block * kBlockTokens);
        const auto states = cold.states(chain.parentKey(block), rest.first(std::min<std::size_t>(rest.size(), kBlockTokens)));
        for (auto state = states.rbegin(); state != states.rend(); ++state) {
            const std::size_t tokens = block * kBlockTokens + state->offset;
            if (!chain.windowsThere(tokens)) continue;
            plan.tokens = tokens;
            plan.state = state->key;
            if (block == chain.blocks()) plan.partly = std::move(partly);
            return;
        }
    }
}

}  // namespace

std::optional<LoadPlan> planLoad(const BlockIndex& index, const ColdStore& cold, const KvShape& shape,
                                 std::span<const TokenId> prefix, std::size_t knownTokens) {
    KnownChain chain(index, cold, shape, prefix);
    const std::span<const TokenId> rest = prefix.subspan(chain.blocks() * kBlockTokens);
    // What RAM knows of this block is not read over.
    const bool ramHasPart = knownTokens > chain.blocks() * kBlockTokens;
    std::vector<BlockKey> partly = rest.empty() || ramHasPart ? std::vector<BlockKey>{} : partlyEqual(chain, cold, shape, rest);
    LoadPlan plan;
    if (shape.stateBytes > 0) chooseState(plan, chain, cold, prefix, std::move(partly));
    else chooseEnd(plan, chain, std::move(partly));
    if (plan.tokens <= knownTokens) return std::nullopt;

    const std::size_t blocks = plan.partly.empty() ? (plan.tokens + kBlockTokens - 1) / kBlockTokens : chain.blocks();
    plan.path = std::move(chain.path);
    plan.path.resize(std::min(plan.path.size(), blocks));
    for (std::size_t block = 0; block < blocks; ++block) {
        LoadPlan::Block missing{.number = block, .groups = {}};
        for (std::size_t group = 0; group < shape.groups.size(); ++group) {
            if (shape.groups[group].blockBytes == 0 || block < firstBlockRead(shape.groups[group], plan.tokens)) continue;
            const bool inRam = block < plan.path.size() && index.at(plan.path[block]).payload[group] != kNoBlock;
            if (!inRam) missing.groups.push_back(group);
        }
        if (block >= plan.path.size() || !missing.groups.empty()) plan.blocks.push_back(std::move(missing));
    }
    return plan;
}

}  // namespace larder::kv
