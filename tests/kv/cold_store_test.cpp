#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/kv/cold_store_fixture.h"

namespace larder::kv {
namespace {

TEST_F(ColdStoreTest, WhatWasStagedIsReadAtOnceAndAfterARestart) {
    open();
    const auto chain = coldChain(1, 5, 3);
    stageAll(chain);
    EXPECT_EQ(m_store->status().blocks, 0u);
    EXPECT_EQ(thereOf(chain), 5u) << "from the staging";
    workAll();
    EXPECT_EQ(m_store->status().blocks, 5u);
    EXPECT_EQ(m_store->status().stagedBytes, 0u);
    EXPECT_EQ(thereOf(chain), 5u) << "from the disk";
    EXPECT_GT(m_news, 0);
    open();
    EXPECT_EQ(m_store->status().blocks, 5u);
    EXPECT_EQ(thereOf(chain), 5u) << "after a restart";
    EXPECT_EQ(m_store->status().readBlocks, 5u);
    const auto facts = m_store->find(chain[2].key());
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->count, 64u);
    EXPECT_EQ(facts->groups, 7u);
}

TEST_F(ColdStoreTest, ClosingWritesWhatIsStaged) {
    open();
    const auto chain = coldChain(1, 5);
    stageAll(chain);
    open();
    EXPECT_EQ(thereOf(chain), 5u);
}

TEST_F(ColdStoreTest, CompressedBlocksComeBack) {
    m_settings.codec = ColdCodec::Zstd;
    open();
    const auto chain = coldChain(1, 5, 2, 40'000);
    stageAll(chain);
    workAll();
    EXPECT_EQ(thereOf(chain), 5u);
    EXPECT_LT(m_store->status().usedBytes, 5 * 80'000u);
    m_store->setCodec(ColdCodec::None);
    const auto more = coldChain(100, 5, 2, 40'000);
    stageAll(more);
    workAll();
    EXPECT_EQ(thereOf(chain) + thereOf(more), 10u) << "both forms at once";
}

TEST_F(ColdStoreTest, ABlockIsStagedOnlyBehindItsParent) {
    open();
    const auto chain = coldChain(1, 3);
    EXPECT_EQ(stage(chain[1]), StageResult::NoParent);
    EXPECT_EQ(stage(chain[0]), StageResult::Staged);
    EXPECT_EQ(stage(chain[0]), StageResult::AlreadyThere);
    EXPECT_EQ(stage(chain[1]), StageResult::Staged);
    EXPECT_EQ(stage(chain[2]), StageResult::Staged);
    m_store->close();
    EXPECT_EQ(stage(chain[2]), StageResult::Off);
}

TEST_F(ColdStoreTest, AFullStagingSaysSoAndTellsWhenThereIsRoom) {
    m_settings.stagedBytes = 30'000;
    open();
    const auto chain = coldChain(1, 3);
    EXPECT_EQ(stage(chain[0]), StageResult::Staged);
    EXPECT_EQ(stage(chain[1]), StageResult::Staged);
    EXPECT_EQ(stage(chain[2]), StageResult::Full);
    const int before = m_news;
    workAll();
    EXPECT_GT(m_news, before);
    EXPECT_EQ(stage(chain[2]), StageResult::Staged);
    const auto large = coldChain(50, 1, 1, 100'000);
    workAll();
    EXPECT_EQ(stage(large[0]), StageResult::Staged) << "alone it may be larger than the room";
}

TEST_F(ColdStoreTest, TailsAreFoundByTheirBeginningAndTheLongestIsTaken) {
    open();
    const BlockKey root = rootKey(kColdIdentity);
    auto tokens = coldTokens(1, 40);
    std::vector<TokenId> beginning(tokens.begin(), tokens.begin() + 20);
    beginning.back() = -7;  // else the longer one would take its place
    const auto shorter = coldBlock(root, 0, beginning, 1, 5000, ColdKind::Tail);
    auto forked = tokens;
    forked[30] = -5;
    const auto longer = coldBlock(root, 0, forked, 1, 5000, ColdKind::Tail);
    stageAll({shorter, longer});
    for (const bool written : {false, true}) {
        if (written) workAll();
        const auto closest = m_store->closest(root, tokens);
        ASSERT_EQ(closest.size(), 2u);
        ColdTestRead wanted(longer, closest);
        wanted.order.tokens = tokens;
        EXPECT_EQ(read(wanted), 30u);
        EXPECT_TRUE(wanted.holds(longer));
    }
    // A damaged one is left out, the other taken.
    m_files.flipBit(fileOf(longer), 5000 * 8);
    ColdTestRead wanted(longer, {longer.key(), shorter.key()});
    wanted.order.tokens = tokens;
    EXPECT_EQ(read(wanted), 19u);
    EXPECT_TRUE(wanted.holds(shorter));
    EXPECT_FALSE(m_store->find(longer.key()));
}

TEST_F(ColdStoreTest, StatesStandAfterABeginning) {
    open();
    const BlockKey root = rootKey(kColdIdentity);
    const auto tokens = coldTokens(1);
    const auto block = coldBlock(root, 0, tokens);
    const auto early = coldBlock(root, 0, std::vector(tokens.begin(), tokens.begin() + 10), 1, 9000, ColdKind::State);
    const auto late = coldBlock(root, 0, tokens, 1, 9000, ColdKind::State);
    stageAll({block, early, late});
    workAll();
    const auto states = m_store->states(root, tokens);
    ASSERT_EQ(states.size(), 2u);
    EXPECT_EQ(states[0].offset, 10u);
    EXPECT_EQ(states[1].key, late.key());
    EXPECT_EQ(thereOf({early, late}), 2u);
    EXPECT_EQ(m_store->states(root, coldTokens(2)).size(), 0u);
    m_store->drop(early.key());
    workAll();
    EXPECT_EQ(m_store->states(root, tokens).size(), 1u);
    EXPECT_EQ(m_store->status().blocks, 2u);
    m_store->drop(block.key());
    EXPECT_FALSE(m_store->find(block.key())) << "nothing hangs below it";
}

TEST_F(ColdStoreTest, OfOtherTokensOrModelsNothingIsRead) {
    open();
    const auto chain = coldChain(1, 2);
    stageAll(chain);
    workAll();
    const auto missed = [&](auto change) {
        ColdTestRead wanted(chain[1]);
        change(wanted.order);
        return read(wanted) == 0;
    };
    EXPECT_FALSE(missed([](ColdRead&) {}));
    EXPECT_TRUE(missed([](ColdRead& order) { order.tokens[5] ^= 1; })) << "a collision of keys";
    EXPECT_TRUE(missed([](ColdRead& order) { order.parent.low ^= 1; }));
    EXPECT_TRUE(missed([](ColdRead& order) { order.identity.low ^= 1; }));
    EXPECT_TRUE(missed([](ColdRead& order) { order.position = 128; }));
    EXPECT_TRUE(missed([](ColdRead& order) { order.targets[0].group = 1; }));
    EXPECT_TRUE(missed([](ColdRead& order) { order.targets[0].bytes = order.targets[0].bytes.first(100); }));
    EXPECT_EQ(m_store->status().quarantinedBlocks, 0u) << "that is no damage";
    EXPECT_EQ(m_store->status().missedBlocks, 6u);
    EXPECT_EQ(thereOf(chain), 2u);
}

TEST_F(ColdStoreTest, ACancelledReadLeavesTheMemoryAlone) {
    open();
    const auto chain = coldChain(1, 2);
    stageAll(chain);
    workAll();
    ColdTestRead first(chain[0]);
    ColdTestRead second(chain[1]);
    const auto a = m_store->read(first.order);
    const auto b = m_store->read(second.order);
    EXPECT_TRUE(m_store->cancel(a));
    workAll();
    const auto done = m_store->takeRead();
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(done[0].ticket, b);
    EXPECT_EQ(first.memory[0], std::vector(first.memory[0].size(), std::byte{0xee}));
    EXPECT_TRUE(second.holds(chain[1]));
}

// ---- Limits.

TEST_F(ColdStoreTest, NeverMoreThanTheLimitLeavesGoFirstAndWhatWasUsedStays) {
    m_settings.limitBytes = 2 * kMiB;
    open();
    std::vector<std::vector<ColdTestBlock>> chains;
    for (TokenId i = 0; i < 30; ++i) {
        chains.push_back(coldChain(1000 * (i + 1), 8));
        for (const auto& each : chains.back()) {
            ASSERT_EQ(stage(each), StageResult::Staged);
            while (m_store->work()) {
                ASSERT_LE(m_store->status().usedBytes, m_settings.limitBytes);
                ASSERT_LE(bytesUnder("/cache"), m_settings.limitBytes);
            }
            ASSERT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
            ASSERT_EQ(m_store->checkIntegrity(), "");
        }
        std::vector<BlockKey> keys;
        for (const auto& each : chains.front()) keys.push_back(each.key());
        m_store->touch(keys);
    }
    EXPECT_GT(m_store->status().evictedBlocks, 50u);
    EXPECT_EQ(thereOf(chains.front()), 8u) << "used all the time";
    EXPECT_EQ(thereOf(chains[1]), 0u);
    EXPECT_EQ(thereOf(chains.back()), 8u);
    // A lower limit is reached at once.
    m_store->setLimit(kMiB);
    workAll();
    EXPECT_LE(bytesUnder("/cache"), kMiB);
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
    // Off is no limit: what is there stays, for when it is turned on again.
    const std::uint64_t blocks = m_store->status().blocks;
    m_store->setLimit(0);
    workAll();
    EXPECT_EQ(m_store->status().blocks, blocks);
    EXPECT_FALSE(m_store->find(chains.back()[0].key()));
    EXPECT_EQ(stage(chains[1][0]), StageResult::Off);
}

TEST_F(ColdStoreTest, PinnedBlocksStayAndDoNotExceedTheLimit) {
    m_settings.limitBytes = kMiB;
    open();
    const auto pinned = coldChain(1, 8);
    stageAll(pinned);
    std::vector<BlockKey> keys;
    for (const auto& each : pinned) keys.push_back(each.key());
    m_store->pinAll(keys);
    workAll();
    EXPECT_EQ(m_store->status().pinnedBytes, 8 * 16'384u);
    for (TokenId i = 0; i < 20; ++i) {
        stageAll(coldChain(1000 * (i + 1), 8));
        workAll();
    }
    EXPECT_EQ(thereOf(pinned), 8u);
    m_store->drop(pinned[7].key());
    EXPECT_EQ(thereOf(pinned), 8u);
    open();
    EXPECT_EQ(m_store->status().pinnedBytes, 8 * 16'384u);
    // Pins beyond the limit are refused.
    m_store->setLimit(m_store->status().usedBytes);
    std::uint64_t most = 0;
    for (TokenId i = 100; i < 150; ++i) {
        auto chain = coldChain(1000 * i, 4);
        for (auto& each : chain) each.block.pinned = true;
        for (const auto& each : chain) stage(each);
        workAll();
        most = std::max(most, m_store->status().pinnedBytes);
    }
    EXPECT_LE(most, m_store->status().limitBytes);
    EXPECT_EQ(thereOf(pinned), 8u);
}

TEST_F(ColdStoreTest, TurnedOffWithStagedBlocksItTakesThemBackAndEnds) {
    open();
    const auto chain = coldChain(1, 3);
    stageAll(chain);
    m_store->setLimit(0);
    workAll();
    EXPECT_EQ(m_store->status().stagedBytes, 0u);
    EXPECT_EQ(m_store->status().blocks, 0u);
    m_store->setLimit(64 * kMiB);
    stageAll(chain);
    m_store->setLimit(0);
    m_store->close();
    EXPECT_EQ(m_store->status().stagedBytes, 0u);
}

TEST_F(ColdStoreTest, FreeSpaceBelowTheFloorIsNoRoom) {
    m_settings.floorBytes = std::uint64_t{1} << 41;
    open();
    const auto chain = coldChain(1, 3);
    stageAll(chain);
    workAll();
    EXPECT_EQ(m_store->status().blocks, 0u);
    EXPECT_EQ(m_store->status().refusedBlocks, 3u);
    EXPECT_NE(m_store->status().problem, "");
    EXPECT_EQ(thereOf(chain), 0u);
}

TEST_F(ColdStoreTest, PastTheBytesOfADayOnlyPinnedAndTwiceUsedBlocksAreTaken) {
    m_settings.bytesPerDay = 60'000;
    open();
    const auto chain = coldChain(1, 8);
    std::size_t taken = 0;
    for (const auto& each : chain) {
        if (stage(each) == StageResult::Staged) ++taken;
        workAll();
    }
    EXPECT_EQ(taken, 4u);
    EXPECT_EQ(m_store->status().writtenTodayBytes, 4 * 16'384u);
    auto used = chain[4];
    used.block.uses = 2;
    EXPECT_EQ(stage(used), StageResult::Staged);
    auto pinned = chain[5];
    pinned.block.pinned = true;
    EXPECT_EQ(stage(pinned), StageResult::Staged);
    workAll();
    open();
    EXPECT_EQ(m_store->status().writtenTodayBytes, 6 * 16'384u) << "over restarts";
    EXPECT_EQ(stage(chain[6]), StageResult::NotAdmitted);
    m_files.jumpClock(kDayMs);
    EXPECT_EQ(stage(chain[6]), StageResult::Staged) << "a new day";
    workAll();
    m_files.jumpClock(-kDayMs);
    EXPECT_EQ(stage(chain[7]), StageResult::NotAdmitted) << "the old one again";
    m_files.jumpClock(-400 * kDayMs);
    EXPECT_EQ(stage(chain[7]), StageResult::Staged);
    m_store->setBytesPerDay(0);
    EXPECT_EQ(stage(coldChain(70, 1)[0]), StageResult::Staged) << "no limit";
}

}  // namespace
}  // namespace larder::kv
