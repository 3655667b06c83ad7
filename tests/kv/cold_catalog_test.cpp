#include "engine/kv/cold_catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace larder::kv {
namespace {

constexpr base::Hash128 kIdentity{1, 2};

std::vector<TokenId> tokensOf(TokenId seed, std::size_t count = kBlockTokens) {
    std::vector<TokenId> tokens(count);
    for (std::size_t i = 0; i < count; ++i) tokens[i] = seed * 1000 + static_cast<TokenId>(i);
    return tokens;
}

struct Made {
    ColdEntry entry;
    BlockKey parent;
};

Made blockOf(ColdCatalog& catalog, const BlockKey& parent, std::size_t position, const std::vector<TokenId>& tokens, ColdKind kind = ColdKind::Full) {
    Made made;
    made.parent = parent;
    made.entry.key = kind == ColdKind::Full ? childKey(parent, tokens) : kind == ColdKind::Tail ? tailKey(parent, tokens) : stateKey(parent, tokens);
    made.entry.kind = kind;
    made.entry.count = static_cast<std::uint8_t>(tokens.size());
    made.entry.position = static_cast<std::uint32_t>(position);
    made.entry.bytes = 8192;
    made.entry.prints = printsOf(tokens);
    made.entry.model = *catalog.modelNumber(kIdentity);
    return made;
}

TEST(ColdPrints, TellHowMuchTwoBlocksHaveInCommon) {
    auto a = tokensOf(1);
    auto b = a;
    b[9] = -1;
    EXPECT_EQ(commonByPrints(printsOf(a), 64, printsOf(a), 64), 32u);
    EXPECT_EQ(commonByPrints(printsOf(a), 64, printsOf(b), 64), 8u);
    EXPECT_EQ(commonByPrints(printsOf(a), 64, printsOf(std::span(a).first(5)), 5), 4u);
    EXPECT_EQ(commonByPrints(printsOf(a), 64, printsOf(tokensOf(2)), 64), 0u);
}

TEST(ColdCatalog, ABlockWhoseParentIsNotThereIsFoundWhenItComes) {
    ColdCatalog catalog;
    const auto first = blockOf(catalog, rootKey(kIdentity), 0, tokensOf(1));
    const auto second = blockOf(catalog, first.entry.key, 64, tokensOf(2));
    const auto third = blockOf(catalog, second.entry.key, 128, tokensOf(3));
    catalog.add(third.entry, third.parent);
    catalog.add(second.entry, second.parent);
    EXPECT_EQ(catalog.findReachable(third.entry.key), kNoColdEntry);
    EXPECT_NE(catalog.find(third.entry.key), kNoColdEntry);
    EXPECT_EQ(catalog.checkIntegrity(), "");
    catalog.add(first.entry, first.parent);
    EXPECT_NE(catalog.findReachable(third.entry.key), kNoColdEntry);
    EXPECT_EQ(catalog.checkIntegrity(), "");
    catalog.remove(catalog.find(second.entry.key));
    EXPECT_EQ(catalog.findReachable(third.entry.key), kNoColdEntry);
    EXPECT_EQ(catalog.checkIntegrity(), "");
    // Lost ones go first, however new.
    catalog.use(catalog.find(third.entry.key), 99, 0);
    EXPECT_EQ(catalog.at(catalog.coldestLeaf()).key, third.entry.key);
}

TEST(ColdCatalog, LeavesGoInTheOrderOfUseAndPinnedOnesStay) {
    ColdCatalog catalog;
    const auto first = blockOf(catalog, rootKey(kIdentity), 0, tokensOf(1));
    const auto a = blockOf(catalog, first.entry.key, 64, tokensOf(2));
    const auto b = blockOf(catalog, first.entry.key, 64, tokensOf(3));
    for (const auto& each : {first, a, b}) catalog.add(each.entry, each.parent);
    catalog.use(catalog.find(a.entry.key), 2, 0);
    catalog.use(catalog.find(b.entry.key), 1, 0);
    EXPECT_EQ(catalog.at(catalog.coldestLeaf()).key, b.entry.key) << "the parent is older, but no leaf";
    catalog.setPinned(catalog.find(b.entry.key), true);
    EXPECT_EQ(catalog.at(catalog.coldestLeaf()).key, a.entry.key);
    catalog.remove(catalog.find(a.entry.key));
    EXPECT_EQ(catalog.coldestLeaf(), kNoColdEntry) << "what a pinned one hangs below stays too";
    EXPECT_EQ(catalog.pinnedBytes(), 8192u);
    EXPECT_EQ(catalog.checkIntegrity(), "");
}

TEST(ColdCatalog, ClosestAndStatesCompareBeginnings) {
    ColdCatalog catalog;
    const BlockKey root = rootKey(kIdentity);
    auto wanted = tokensOf(1, 40);
    auto half = wanted;
    half[20] = -1;
    auto other = tokensOf(7);
    const auto tail = blockOf(catalog, root, 0, wanted, ColdKind::Tail);
    auto full = half;
    full.resize(kBlockTokens, 5);
    const auto block = blockOf(catalog, root, 0, full);
    const auto strange = blockOf(catalog, root, 0, other);
    const auto state = blockOf(catalog, root, 0, tokensOf(1, 10), ColdKind::State);
    const auto foreign = blockOf(catalog, root, 0, tokensOf(2, 10), ColdKind::State);
    for (const auto& each : {tail, block, strange, state, foreign}) catalog.add(each.entry, each.parent);
    const auto closest = catalog.closest(root, wanted, 4);
    ASSERT_EQ(closest.size(), 2u);
    EXPECT_EQ(catalog.at(closest[0]).key, tail.entry.key);
    EXPECT_EQ(catalog.at(closest[1]).key, block.entry.key);
    const auto states = catalog.states(root, wanted);
    ASSERT_EQ(states.size(), 1u);
    EXPECT_EQ(catalog.at(states[0]).count, 10);
}

TEST(ColdCatalog, TakesLessThan200BytesABlock) {
    ColdCatalog catalog;
    BlockKey parent = rootKey(kIdentity);
    constexpr TokenId kBlocks = 100'000;
    for (TokenId i = 0; i < kBlocks; ++i) {
        if (i % 100 == 0) parent = rootKey(kIdentity);
        const auto made = blockOf(catalog, parent, static_cast<std::size_t>(i % 100) * 64, tokensOf(i));
        catalog.add(made.entry, made.parent);
        parent = made.entry.key;
    }
    EXPECT_LT(catalog.ramBytes() / kBlocks, 200u);
    RecordProperty("bytes_per_block", std::to_string(catalog.ramBytes() / kBlocks));
    EXPECT_EQ(catalog.checkIntegrity(), "");
}

// Random changes, against a map that says the same by looking at everything.
class ColdCatalogModel : public testing::TestWithParam<unsigned> {};

TEST_P(ColdCatalogModel, SaysTheSame) {
    struct Known {
        BlockKey parent;
        std::uint64_t tick = 0;
        std::size_t position = 0;
        bool pinned = false;
        bool staged = false;
    };
    std::mt19937 random(GetParam());
    ColdCatalog catalog;
    std::map<std::pair<std::uint64_t, std::uint64_t>, Known> known;
    const auto pair = [](const BlockKey& key) { return std::pair(key.high, key.low); };
    std::vector<Made> blocks;  // a tree that is there in part
    for (TokenId i = 0; i < 200; ++i) {
        const bool first = blocks.empty() || random() % 8 == 0;
        const Made* above = first ? nullptr : &blocks[random() % blocks.size()];
        blocks.push_back(blockOf(catalog, first ? rootKey(kIdentity) : above->entry.key, first ? 0 : above->entry.position + 64u, tokensOf(i)));
    }
    const auto reachable = [&](BlockKey key) {
        while (key != rootKey(kIdentity)) {
            const auto found = known.find(pair(key));
            if (found == known.end()) return false;
            key = found->second.parent;
        }
        return true;
    };
    std::uint64_t tick = 0;
    for (int round = 0; round < 4000; ++round) {
        const Made& made = blocks[random() % blocks.size()];
        const auto found = known.find(pair(made.entry.key));
        const ColdEntryId id = catalog.find(made.entry.key);
        ASSERT_EQ(id != kNoColdEntry, found != known.end());
        if (found == known.end()) {
            ColdEntry entry = made.entry;
            entry.tick = ++tick;
            entry.staged = random() % 4 == 0;
            if (entry.staged) entry.bytes = 0;
            catalog.add(entry, made.parent);
            known[pair(entry.key)] = {made.parent, tick, entry.position, false, entry.staged};
        } else if (const auto verb = random() % 5; verb < 2) {
            catalog.remove(id);
            known.erase(found);
        } else if (verb == 2) {
            catalog.use(id, ++tick, 0);
            found->second.tick = tick;
        } else if (verb == 3) {
            found->second.pinned = !found->second.pinned;
            catalog.setPinned(id, found->second.pinned);
        } else if (found->second.staged) {
            catalog.settle(id, 8192);
            found->second.staged = false;
        }
        ASSERT_EQ(catalog.findReachable(made.entry.key) != kNoColdEntry, reachable(made.entry.key));
        if (round % 16 != 0) continue;
        ASSERT_EQ(catalog.checkIntegrity(), "") << "round " << round;
        std::uint64_t bytes = 0;
        const Known* coldest = nullptr;
        bool coldestLost = false;
        for (const auto& [key, each] : known) {
            if (!each.staged) bytes += 8192;
            const BlockKey own{key.second, key.first};
            const bool leaf = std::none_of(known.begin(), known.end(), [&](const auto& other) { return other.second.parent == own; });
            if (!leaf || each.pinned || each.staged) continue;
            const bool lost = !reachable(own);
            const bool before = !coldest || (lost != coldestLost ? lost : each.tick < coldest->tick);
            if (before) coldest = &each, coldestLost = lost;
        }
        ASSERT_EQ(catalog.bytes(), bytes);
        ASSERT_EQ(catalog.coldestLeaf() == kNoColdEntry, coldest == nullptr);
        if (coldest) {
            ASSERT_EQ(catalog.at(catalog.coldestLeaf()).tick, coldest->tick);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ColdCatalogModel, testing::Range(1u, 6u));

}  // namespace
}  // namespace larder::kv
