// The cold store on a disk that fails: what is damaged, missing or full.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kv/cold_store_fixture.h"

namespace larder::kv {
namespace {

using ColdDamage = ColdStoreTest;

TEST_F(ColdDamage, ADamagedFileGoesToQuarantineAndItsDescendantsComeBackWithIt) {
    open();
    const auto chain = coldChain(1, 4);
    stageAll(chain);
    workAll();
    m_files.flipBit(fileOf(chain[1]), 4096 * 8 + 3);
    EXPECT_FALSE(isThere(chain[1]));
    workAll();
    EXPECT_FALSE(m_store->find(chain[1].key()));
    EXPECT_FALSE(m_store->find(chain[2].key())) << "nobody gets there";
    EXPECT_EQ(m_store->status().quarantinedBlocks, 1u);
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
    EXPECT_EQ(stage(chain[2]), StageResult::AlreadyThere);
    EXPECT_EQ(stage(chain[1]), StageResult::Staged);
    EXPECT_TRUE(m_store->find(chain[3].key()));
    workAll();
    EXPECT_EQ(thereOf(chain), 4u);
    open();
    EXPECT_EQ(thereOf(chain), 4u);
}

TEST_F(ColdDamage, AFileThatIsGoneIsAMiss) {
    open();
    const auto chain = coldChain(1, 3);
    stageAll(chain);
    workAll();
    ASSERT_TRUE(m_files.remove(fileOf(chain[2])));
    EXPECT_EQ(thereOf(chain), 2u);
    workAll();
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
    ASSERT_TRUE(m_files.remove(fileOf(chain[1])));
    open();
    workAll();
    EXPECT_EQ(m_store->status().blocks, 1u) << "the look through the folder sees it";
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
}

TEST_F(ColdDamage, NothingIsWrittenBeforeAllBytesAreCounted) {
    open();
    stageAll(coldChain(1, 40));
    m_store->close();
    m_settings.limitBytes = 400'000;
    for (const char* suffix : {"", "-wal"}) ASSERT_TRUE(m_files.remove((m_settings.folder / "index.sqlite3").string() + suffix));
    ASSERT_TRUE(m_files.makeFolder(m_settings.folder / "blocks/ff"));
    ASSERT_TRUE(m_files.open(m_settings.folder / "blocks/ff/00.part", base::OpenMode::Write));
    open();
    support::FaultPlan plan;
    plan.failedName = 1;
    m_files.plan(plan);  // what an earlier run left cannot be removed, so the look through the folders does not end
    const auto fresh = coldChain(500, 3);
    stageAll(fresh);
    for (int i = 0; i < 5; ++i, m_steadyMs += 100'000) workAll();
    EXPECT_NE(m_store->status().problem, "");
    EXPECT_EQ(m_store->status().writtenBlocks, 0u);
    m_files.plan({});
    m_steadyMs += 100'000;
    workAll();
    EXPECT_LE(bytesUnder("/cache"), m_settings.limitBytes);
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
}

TEST_F(ColdDamage, AnErrorOfReadingIsAMissNow) {
    open();
    const auto chain = coldChain(1, 2);
    stageAll(chain);
    workAll();
    m_files.failReads(true);
    EXPECT_EQ(thereOf(chain), 0u);
    m_files.failReads(false);
    EXPECT_EQ(thereOf(chain), 2u);
    EXPECT_EQ(m_store->status().quarantinedBlocks, 0u);
}

TEST_F(ColdDamage, AFullDiskIsToldAndTriedAgainAfterAPause) {
    open();
    const auto chain = coldChain(1, 3);
    stageAll(chain);
    m_files.full(true);
    m_settings.floorBytes = 0;
    workAll();
    EXPECT_NE(m_store->status().problem, "");
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
    m_files.full(false);
    m_steadyMs += 500;
    workAll();
    m_steadyMs += 600'000;
    for (const auto& each : chain) stage(each);
    workAll();
    for (const auto& each : chain) stage(each);
    workAll();
    EXPECT_EQ(thereOf(chain), 3u);
    EXPECT_EQ(m_store->status().problem, "");
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
}

TEST_F(ColdDamage, WritesThatFailPauseWritingAndReadingGoesOn) {
    open();
    const auto chain = coldChain(1, 3);
    stageAll({chain[0]});
    workAll();
    m_files.failWrites(true);
    ASSERT_EQ(stage(chain[1]), StageResult::Staged);
    ASSERT_EQ(stage(chain[2]), StageResult::Staged);
    workAll();
    EXPECT_NE(m_store->status().problem, "");
    EXPECT_FALSE(m_store->find(chain[1].key()));
    EXPECT_FALSE(m_store->find(chain[2].key())) << "its parent failed";
    EXPECT_EQ(m_store->status().stagedBytes, 0u);
    EXPECT_EQ(stage(chain[1]), StageResult::Full) << "in the pause";
    EXPECT_TRUE(isThere(chain[0]));
    m_files.failWrites(false);
    m_steadyMs += 1000;
    workAll();
    EXPECT_EQ(stage(chain[1]), StageResult::Staged);
    workAll();
    EXPECT_EQ(m_store->status().problem, "");
    EXPECT_TRUE(isThere(chain[1]));
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
}

TEST_F(ColdDamage, ALostIndexIsMadeAnewFromTheFiles) {
    open();
    const auto chain = coldChain(1, 6, 2);
    const auto other = coldChain(70, 3, 1, 9000, {5, 6});
    stageAll(chain);
    stageAll(other);
    m_store->close();
    m_files.flipBit(fileOf(chain[4]), 9999 * 8);
    for (const char* suffix : {"", "-wal"}) {
        auto path = m_settings.folder / "index.sqlite3";
        path += suffix;
        ASSERT_TRUE(m_files.remove(path));
    }
    open();
    EXPECT_EQ(m_store->status().blocks, 0u);
    workAll();
    EXPECT_EQ(m_store->status().adoptedBlocks, 8u);
    EXPECT_EQ(m_store->status().quarantinedBlocks, 1u);
    EXPECT_EQ(thereOf(chain), 4u) << "the sixth hangs below the damaged one";
    EXPECT_EQ(thereOf(other), 3u);
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
    EXPECT_EQ(stage(chain[4]), StageResult::Staged);
    EXPECT_EQ(thereOf(chain), 6u);
    open();
    EXPECT_EQ(thereOf(chain), 6u);
}

TEST_F(ColdDamage, FilesThatAnEarlierRunLeftAreRemoved) {
    open();
    const auto chain = coldChain(1, 1);
    stageAll(chain);
    m_store->close();
    for (const std::string name : {"blocks/00/00.part", "incoming/3/x.safetensors", "incoming/y"}) {
        ASSERT_TRUE(m_files.makeFolder((m_settings.folder / name).parent_path()));
        ASSERT_TRUE(m_files.open(m_settings.folder / name, base::OpenMode::Write));
    }
    ASSERT_TRUE((*m_files.open(m_settings.folder / "blocks/00/readme.txt", base::OpenMode::Write))->resize(5000));
    open();
    workAll();
    EXPECT_FALSE(m_files.exists(m_settings.folder / "blocks/00/00.part"));
    EXPECT_FALSE(m_files.exists(m_settings.folder / "incoming/3"));
    EXPECT_TRUE(m_files.exists(m_settings.folder / "blocks/00/readme.txt")) << "it is somebody's";
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache")) << "but it counts";
}

TEST_F(ColdDamage, TheQuarantineIsKeptSmall) {
    open();
    const auto chain = coldChain(1, 40);
    stageAll(chain);
    workAll();
    for (const auto& each : chain) m_files.flipBit(fileOf(each), 4096 * 8);
    for (auto each = chain.rbegin(); each != chain.rend(); ++each) EXPECT_FALSE(isThere(*each));
    workAll();
    EXPECT_EQ(m_store->status().quarantinedBlocks, 40u);
    EXPECT_EQ(m_store->status().quarantineFiles, 16u);
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
    EXPECT_EQ(m_store->status().blocks, 0u);
}

TEST_F(ColdDamage, OneOwnerAtATime) {
    open();
    const auto second = ColdStore::open(m_settings);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
    m_store->close();
    EXPECT_TRUE(ColdStore::open(m_settings));
}

}  // namespace
}  // namespace larder::kv
