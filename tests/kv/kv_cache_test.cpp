// Prefixes are found again token by token, shared, and right; whatever is done in whatever order.
#include "engine/kv/kv_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/kv/kv_house.h"

namespace larder::kv {
namespace {

TEST(KvCache, FindsWhatWasComputedTokenByToken) {
    House house(plainShape());
    const auto tokens = tokensFrom(300, 1);
    house.compute(tokens).release();
    EXPECT_EQ(house.cached(tokens), 300u);
    EXPECT_EQ(house.cached(joined(tokens, {1, 2, 3})), 300u);
    for (const std::size_t length : {1u, 63u, 64u, 65u, 128u, 200u, 299u}) {
        const std::vector<TokenId> part(tokens.begin(), tokens.begin() + static_cast<long>(length));
        EXPECT_EQ(house.cached(part), length);
        EXPECT_EQ(house.cached(joined(part, {99, 99})), length) << "a fork";
    }
    EXPECT_EQ(house.cached(tokensFrom(300, 2)), 0u);
    EXPECT_EQ(house.cache->leasedBytes(), 0u);
    EXPECT_EQ(house.cache->checkIntegrity(), "");
}

TEST(KvCache, HoldsASharedPrefixOnce) {
    House house(plainShape());
    const auto prefix = tokensFrom(640, 1);
    KvLease first = house.compute(joined(prefix, {7}));
    KvLease second = house.compute(joined(prefix, {8}));
    EXPECT_TRUE(std::equal(first.blocks().begin(), first.blocks().begin() + 10, second.blocks().begin()));
    EXPECT_EQ(house.cache->leasedBytes(), 12u * 4096);
}

TEST(KvCache, WhatTwoComputeAtTheSameTimeIsHeldOnce) {
    House house(plainShape());
    const auto tokens = tokensFrom(200, 1);
    KvLease first = house.cache->acquire(tokens, 200).value();
    KvLease second = house.cache->acquire(tokens, 200).value();
    EXPECT_EQ(house.cache->usedBytes(), 8u * 4096);
    house.advance(first, tokens, 0, 200);
    house.advance(second, tokens, 0, 200);
    EXPECT_EQ(house.cache->usedBytes(), 5u * 4096) << "three full blocks, two tails";
    first.release();
    second.release();
    EXPECT_EQ(house.cache->usedBytes(), 4u * 4096) << "one of two equal tails";
}

TEST(KvCache, ReadsFromATailThatAnotherStillFills) {
    House house(plainShape());
    const auto tokens = tokensFrom(100, 1);
    KvLease first = house.compute(tokens);
    EXPECT_EQ(house.cached(joined(tokens, {1})), 100u);
    EXPECT_EQ(house.cached({tokens.begin(), tokens.begin() + 80}), 80u);
}

TEST(KvCache, TailsGoWhenABlockExtendsThem) {
    House house(plainShape());
    const auto tokens = tokensFrom(128, 1);
    for (const std::size_t length : {70u, 90u, 80u})
        house.compute({tokens.begin(), tokens.begin() + static_cast<long>(length)}).release();
    EXPECT_EQ(house.cache->usedBytes(), 2u * 4096) << "the longest tail";
    house.compute(tokens).release();
    EXPECT_EQ(house.cache->usedBytes(), 2u * 4096);
    EXPECT_EQ(house.cached(joined({tokens.begin(), tokens.begin() + 75}, {99})), 75u);
}

TEST(KvCache, TheColdestLeavesGoFirst) {
    House house(plainShape(), 10);
    const auto old = tokensFrom(256, 1);
    const auto recent = tokensFrom(256, 2);
    house.compute(old).release();
    house.compute(recent).release();
    EXPECT_EQ(house.cached(old), 256u);  // used again
    house.compute(tokensFrom(192, 3)).release();
    EXPECT_EQ(house.cache->knownTokens(recent), 192u) << "its last block went";
    EXPECT_EQ(house.cache->knownTokens(old), 256u);
    EXPECT_EQ(house.cache->usedBytes(), 10u * 4096);
    EXPECT_EQ(house.tier.evictedBlocks(), 1u);
    house.tier.setLimit(3 * 4096);
    EXPECT_EQ(house.tier.usedBytes(), 3u * 4096);
    EXPECT_EQ(house.cache->checkIntegrity(), "");
}

TEST(KvCache, WhatIsAsideGivesWayToTheLatestOthersAndNotToOlderOnes) {
    House house(plainShape(), 14);
    const auto old = tokensFrom(256, 1);
    house.compute(old).release();
    const auto conversation = tokensFrom(256, 2);
    for (int turn = 0; turn < static_cast<int>(HotTier::kMainLeases); ++turn) house.compute(conversation).release();
    // Titles and subagents, more than fit beside: 40 of two blocks.
    for (unsigned side = 0; side < 40; ++side) house.compute(tokensFrom(128, 10 + side), Keep::Aside).release();
    EXPECT_EQ(house.cache->knownTokens(conversation), 256u);
    EXPECT_EQ(house.cache->knownTokens(old), 0u) << "an old conversation does not keep out what is asked beside a new one";
    EXPECT_EQ(house.cache->knownTokens(tokensFrom(128, 49)), 128u);
    EXPECT_EQ(house.cache->checkIntegrity(), "");
}

TEST(KvCache, WhatTheConversationUsesStaysItsOwnWhenASideCallUsesItToo) {
    House house(plainShape(), 8);
    const auto conversation = tokensFrom(256, 1);
    house.compute(conversation).release();
    house.compute(joined(conversation, {7, 8}), Keep::Aside).release();
    for (unsigned side = 0; side < 10; ++side) house.compute(tokensFrom(192, 10 + side), Keep::Aside).release();
    EXPECT_EQ(house.cache->knownTokens(conversation), 256u);
}

TEST(KvCache, PreparesAFourthOfTheLimitAndNothingBeyondIt) {
    constexpr std::size_t kMegabyte = std::size_t{1} << 20;
    HotTier tier(32 * kMegabyte);
    const KvShape shape{.groups = {{.blockBytes = kMegabyte}}, .stateBytes = 0};
    auto one = std::move(KvCache::create(shape, {1, 1}, tier)).value();
    auto other = std::move(KvCache::create(shape, {2, 2}, tier)).value();
    const auto prepareAll = [&tier](KvCache& cache) {
        while (tier.prepare(cache)) {
        }
        return cache.touchedBytes() / kMegabyte;
    };
    EXPECT_EQ(prepareAll(*one), 8u);
    EXPECT_EQ(tier.usedBytes(), 0u);
    auto lease = one->acquire({}, 20 * kBlockTokens);
    ASSERT_TRUE(lease);
    EXPECT_EQ(prepareAll(*other), 6u);  // 20 + 6 + 8 would be more than the limit
    EXPECT_EQ(prepareAll(*one), 20u);
    // What is prepared gives way to what is used.
    ASSERT_TRUE(lease->grow(30 * kBlockTokens));
    EXPECT_EQ(one->touchedBytes() + other->touchedBytes(), 30 * kMegabyte);
    EXPECT_FALSE(tier.prepare(*other));
}

TEST(KvCache, TwoModelsShareOneLimit) {
    HotTier tier(10 * 4096);
    const KvShape shape = plainShape();
    auto first = std::move(KvCache::create(shape, {1, 1}, tier)).value();
    auto second = std::move(KvCache::create(shape, {2, 2}, tier)).value();
    const auto tokens = tokensFrom(512, 1);
    {
        KvLease lease = first->acquire(tokens, 512).value();
        writeMarks(lease, shape, tokens, 0, 512);
        lease.commit(tokens, 512);
    }
    EXPECT_EQ(second->knownTokens(tokens), 0u) << "another model's";
    auto lease = second->acquire(tokens, 512);
    ASSERT_TRUE(lease.has_value());
    EXPECT_EQ(first->knownTokens(tokens), 128u);
    EXPECT_FALSE(second->acquire(tokensFrom(192, 2), 192).has_value());
    EXPECT_EQ(first->knownTokens(tokens), 128u) << "what does not help is not evicted";
    EXPECT_EQ(tier.checkIntegrity(), "");
}

TEST(KvCache, WindowsKeepTheEndsAndGiveUpTheMiddle) {
    House house(windowShape(), 40);
    const auto tokens = tokensFrom(640, 1);
    house.compute(tokens).release();
    EXPECT_EQ(house.cached(tokens), 640u);
    const std::size_t before = house.cache->usedBytes();
    // Ten blocks of three groups. Room for a stranger of three blocks in each: the oldest window payload goes.
    house.compute(tokensFrom(256, 2)).release();
    EXPECT_LE(house.cache->usedBytes(), 40u * 4096);
    EXPECT_EQ(house.cached(joined(tokens, {5})), 640u) << "still there as a whole, of " << before;
    EXPECT_EQ(house.cache->checkIntegrity(), "");
}

TEST(KvCache, AForkBehindAWindowThatWentRestartsWhereItIsWhole) {
    House house(windowShape(), 20);
    const auto tokens = tokensFrom(640, 1);  // fills 10 + 10 + 10 blocks: the windows' first ones go while it is computed
    house.compute(tokens).release();
    EXPECT_EQ(house.cached(tokens), 640u);
    const std::vector<TokenId> part(tokens.begin(), tokens.begin() + 200);
    EXPECT_LT(house.cache->knownTokens(joined(part, {99})), 200u);
}

TEST(KvCache, WhatFitsAnEmptyTierFitsOneThatIsFullOfKeptBlocks) {
    for (const KvShape& shape : {plainShape(), windowShape(), hybridShape(), everythingShape()}) {
        for (const std::size_t blocks : {13u, 20u, 31u}) {
            House house(shape, blocks);
            const std::size_t most = house.cache->capacityTokens();
            ASSERT_GT(most, 64u);
            for (const std::size_t length : {most, most, most - 1, most - 63, most}) {
                auto tokens = tokensFrom(length, 1);
                // All but the last may be found, as for a prompt.
                auto lease = house.cache->acquire(std::span(tokens).first(length - 1), length);
                ASSERT_TRUE(lease.has_value()) << length << " of " << most;
                const std::size_t found = lease->cachedTokens();
                expectMarks(*lease, shape, tokens, found);
                house.advance(*lease, tokens, found, length - 1);
                lease->keepState(SnapshotKind::PromptEnd);
            }
        }
    }
}

TEST(KvCache, AStateIsFoundWhereItWasKept) {
    for (const KvShape& shape : {hybridShape(), recurrentShape()}) {
        House house(shape);
        const auto tokens = tokensFrom(300, 1);
        {
            KvLease lease = house.cache->acquire(tokens, 300).value();
            house.advance(lease, tokens, 0, 130);
            lease.keepState(SnapshotKind::Branch);
            house.advance(lease, tokens, 130, 250);
            lease.keepState(SnapshotKind::PromptEnd);
            house.advance(lease, tokens, 250, 300);
            lease.keepState(SnapshotKind::ReplyEnd);
        }
        EXPECT_EQ(house.cached(joined(tokens, {1, 2})), 300u);
        EXPECT_EQ(house.cached(joined({tokens.begin(), tokens.begin() + 299}, {99})), 250u) << "the newest at or before the fork";
        EXPECT_EQ(house.cached(joined({tokens.begin(), tokens.begin() + 200}, {99})), 130u);
        EXPECT_EQ(house.cached(joined({tokens.begin(), tokens.begin() + 129}, {99})), 0u);
        EXPECT_EQ(house.cache->checkIntegrity(), "");
    }
}

// Many conversations over one small pool. Every lease's positions are checked whenever they may have changed.
class KvCacheRandom : public testing::TestWithParam<KvShape> {};

TEST_P(KvCacheRandom, NothingLeaksAndNoBlockIsWrong) {
    struct Running {
        std::vector<TokenId> tokens;
        KvLease lease;
        std::size_t filled = 0;
    };
    std::mt19937_64 random(5);
    const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    House house(GetParam(), 60);
    std::vector<Running> running;
    std::vector<std::vector<TokenId>> past;
    std::size_t found = 0;
    for (int step = 0; step < 100'000; ++step) {
        const std::size_t which = running.empty() ? 0 : below(running.size());
        switch (below(8)) {
            case 0: {  // a request: new, or a past one forked or extended
                std::vector<TokenId> tokens;
                if (!past.empty() && below(4) > 0) tokens = past[below(past.size())];
                if (below(2) == 0) tokens.resize(tokens.empty() ? 0 : below(tokens.size()));
                tokens = joined(tokens, tokensFrom(1 + below(150), below(12)));
                if (tokens.size() > 700) tokens.resize(700);
                auto lease = house.cache->acquire(tokens, tokens.size() + below(100));
                if (!lease) break;
                found += lease->cachedTokens();
                expectMarks(*lease, house.shape, tokens, lease->cachedTokens());
                const std::size_t filled = lease->cachedTokens();
                running.push_back({std::move(tokens), std::move(*lease), filled});
                break;
            }
            case 1:  // the answer grows
                if (!running.empty() && running[which].tokens.size() < 760)
                    running[which].tokens.push_back(static_cast<TokenId>(below(50)));
                break;
            case 2:
            case 3:
            case 4: {  // a step
                if (running.empty() || running[which].filled == running[which].tokens.size()) break;
                Running& each = running[which];
                if (!each.lease.grow(each.tokens.size())) break;
                const std::size_t next = each.filled + 1 + below(std::min<std::size_t>(128, each.tokens.size() - each.filled));
                writeMarks(each.lease, house.shape, each.tokens, each.filled, next);
                each.lease.commit(each.tokens, next);
                each.filled = next;
                break;
            }
            case 5:
                if (!running.empty()) running[which].lease.keepState(static_cast<SnapshotKind>(below(4)));
                break;
            case 6:  // ends, is cancelled or preempted
                if (running.empty() || (running.size() < 6 && below(3) > 0)) break;
                past.push_back(running[which].tokens);
                if (past.size() > 20) past.erase(past.begin());
                running.erase(running.begin() + static_cast<long>(which));
                break;
            default:
                if (below(200) == 0) house.tier.setLimit((30 + below(31)) * 4096);
        }
        if (!running.empty()) expectMarks(running[running.size() - 1].lease, house.shape, running.back().tokens, running.back().filled);
        if (HasFatalFailure()) return;
        ASSERT_EQ(house.cache->checkIntegrity(), "") << "step " << step;
        ASSERT_LE(house.tier.leasedBytes(), 60u * 4096);
    }
    EXPECT_GT(found, 10'000u) << "hits are common";
    running.clear();
    EXPECT_EQ(house.cache->leasedBytes(), 0u);
    EXPECT_EQ(house.cache->checkIntegrity(), "");
}

INSTANTIATE_TEST_SUITE_P(Shapes, KvCacheRandom,
                         testing::Values(plainShape(), windowShape(), hybridShape(), recurrentShape(), everythingShape()));

}  // namespace
}  // namespace larder::kv
