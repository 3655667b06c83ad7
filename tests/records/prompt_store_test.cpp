// prompts.sqlite3 through restarts, crashes, full and broken disks: what is known later is what was told, or less; serving never
// notices.
#include "engine/records/prompt_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <random>

#include "tests/support/faulty_file_system.h"
#include "tests/support/temp_folder.h"

namespace larder::records {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kPrompts = "/base/prompts.sqlite3";
constexpr std::size_t kAll = 64 << 20;

std::vector<TokenId> someIds(std::size_t count, TokenId seed = 0) {
    std::vector<TokenId> ids(count);
    for (std::size_t i = 0; i < count; ++i) ids[i] = static_cast<TokenId>((i * 7919 + static_cast<std::size_t>(seed)) % 50'000);
    return ids;
}

std::vector<TokenId> operator+(std::vector<TokenId> a, const std::vector<TokenId>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

class PromptStoreTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(files.makeFolder("/base").ok());
        files.settle();
        start();
    }
    // What earlier servers knew.
    void start() {
        store.emplace(PromptStoreParts{.file = kPrompts, .files = &files, .limits = limits, .openEvery = std::chrono::milliseconds(0)});
        earlier.clear();
        store->load(kAll, [this](std::vector<StoredPrompt> all) { earlier = std::move(all); });
        store->flush();
    }
    void restart() {
        store.reset();
        start();
    }
    void die() {
        store->flush();
        files.settle();
        files.powerCut();
        store.reset();
        files.boot();
        start();
    }
    void begin(std::uint64_t number, std::vector<TokenId> ids, const std::string& model = "tiny") {
        store->change(PromptBegin{number, model, 7, std::move(ids)});
    }
    void end(std::uint64_t number, std::size_t tokens, std::vector<TokenId> answer = {}, std::vector<PromptKey> contained = {}) {
        store->change(PromptEnd{.key = {0, number},
                                .answer = std::move(answer),
                                .ends = {static_cast<std::uint32_t>(tokens)},
                                .computedTokens = tokens,
                                .keptTokens = tokens - 1,
                                .diskWasOn = true,
                                .contained = std::move(contained)});
    }
    void know(std::uint64_t number, std::size_t tokens) {
        begin(number, someIds(tokens, static_cast<TokenId>(number)));
        end(number, tokens);
    }
    void knowAll(std::uint64_t first, std::uint64_t last, std::size_t tokens = 100) {
        for (std::uint64_t number = first; number < last; ++number) know(number, tokens), store->flush();
    }
    // Numbers of those it knows; each must be what was told.
    std::vector<std::uint64_t> known(std::size_t tokens = 100) const {
        std::vector<std::uint64_t> numbers;
        for (const StoredPrompt& prompt : earlier) {
            EXPECT_EQ(prompt.ids, someIds(tokens, static_cast<TokenId>(prompt.key.number)));
            numbers.push_back(prompt.key.number);
        }
        return numbers;
    }

    support::FaultyFileSystem files;
    PromptLimits limits;
    std::optional<PromptStore> store;
    std::vector<StoredPrompt> earlier;
};

TEST_F(PromptStoreTest, WhatWasToldComesBack) {
    EXPECT_THAT(earlier, IsEmpty());
    begin(1, someIds(2000));
    store->change(PromptEnd{.key = {0, 1},
                            .answer = someIds(1500, 3),
                            .ends = {2500, 3500},
                            .state = PromptState::Stopped,
                            .computedTokens = 3400,
                            .keptTokens = 3300,
                            .diskWasOn = true,
                            .contained = {}});
    begin(2, {5}, "other");
    store->change(PromptEnd{.key = {0, 2}, .answer = {}, .ends = {1}, .computedTokens = 1, .keptTokens = 0, .diskWasOn = false, .contained = {}});
    restart();
    ASSERT_THAT(earlier, SizeIs(2));
    EXPECT_EQ(earlier[0].model, "tiny");
    EXPECT_EQ(earlier[0].content, 7u);
    EXPECT_EQ(earlier[0].ids, someIds(2000) + someIds(1500, 3));
    EXPECT_THAT(earlier[0].ends, ElementsAre(2500, 3500));
    EXPECT_EQ(earlier[0].state, PromptState::Stopped);
    EXPECT_EQ(earlier[0].computedTokens, 3400u);
    EXPECT_EQ(earlier[0].keptTokens, 3300u);
    EXPECT_TRUE(earlier[0].diskWasOn);
    EXPECT_TRUE(earlier[0].endedCleanly);
    EXPECT_EQ(earlier[1].model, "other");
    EXPECT_EQ(earlier[1].ids, std::vector<TokenId>{5});
    EXPECT_EQ(earlier[1].state, PromptState::Whole);
    EXPECT_FALSE(earlier[1].diskWasOn);
}

TEST_F(PromptStoreTest, OneThatRanWhenTheServerDiedIsKnownAsThat) {
    know(1, 100);
    begin(2, someIds(3000));
    store->change(PromptNote{2, 1200, 1100});
    die();
    ASSERT_THAT(earlier, SizeIs(2));
    EXPECT_FALSE(earlier[0].endedCleanly);
    EXPECT_EQ(earlier[1].state, PromptState::Running);
    EXPECT_EQ(earlier[1].computedTokens, 1200u);
    EXPECT_EQ(earlier[1].keptTokens, 1100u);
    EXPECT_FALSE(earlier[1].endedCleanly);
    know(3, 50);
    restart();
    ASSERT_THAT(earlier, SizeIs(3));
    EXPECT_FALSE(earlier[0].endedCleanly) << "of the server that died";
    EXPECT_TRUE(earlier[2].endedCleanly);
}

TEST_F(PromptStoreTest, TheNumbersOfOneServerAreNotThoseOfAnother) {
    know(1, 100);
    restart();
    begin(1, someIds(200, 9));
    end(1, 200);
    restart();
    ASSERT_THAT(earlier, SizeIs(2));
    EXPECT_EQ(earlier[0].ids, someIds(100, 1));
    EXPECT_EQ(earlier[1].ids, someIds(200, 9));
    EXPECT_NE(earlier[0].key.run, earlier[1].key.run);
}

TEST_F(PromptStoreTest, AConversationCostsWhatItsLastTurnHas) {
    std::vector<TokenId> conversation = someIds(48'000);
    for (std::uint64_t turn = 1; turn <= 40; ++turn) {
        conversation = conversation + someIds(50, static_cast<TokenId>(turn));
        begin(turn, conversation);
        store->flush();
        conversation = conversation + someIds(20, static_cast<TokenId>(turn * 3));
        end(turn, conversation.size(), someIds(20, static_cast<TokenId>(turn * 3)), {{0, turn - 1}});
        store->flush();
    }
    store.reset();
    const std::uint64_t bytes = files.diskBytes(kPrompts);
    EXPECT_LT(bytes, 3 * conversation.size() * sizeof(TokenId) / 2);
    start();
    ASSERT_THAT(earlier, SizeIs(1));
    EXPECT_EQ(earlier[0].ids, conversation);
}

TEST_F(PromptStoreTest, PromptsThatBeginAlikeShareIt) {
    const std::vector<TokenId> front = someIds(20'000);
    for (std::uint64_t fork = 1; fork <= 40; ++fork) {
        begin(fork, front + someIds(100, static_cast<TokenId>(fork)));
        end(fork, 20'100);
    }
    store.reset();
    EXPECT_LT(files.diskBytes(kPrompts), 600'000u) << "alone they are 3.2 MB";
    start();
    ASSERT_THAT(earlier, SizeIs(40));
    for (const StoredPrompt& each : earlier) EXPECT_EQ(each.ids, front + someIds(100, static_cast<TokenId>(each.key.number)));
}

TEST_F(PromptStoreTest, WhatNobodyNeedsGoesAndTheRestStaysWhole) {
    const std::vector<TokenId> front = someIds(5000);
    for (std::uint64_t fork = 1; fork <= 4; ++fork) {
        begin(fork, front + someIds(3000, static_cast<TokenId>(fork)));
        end(fork, 8000);
    }
    store->change(PromptForget{{0, 1}});
    store->change(PromptForget{{0, 3}});
    store->change(PromptForget{{0, 99}});
    restart();
    ASSERT_THAT(earlier, SizeIs(2));
    for (const StoredPrompt& each : earlier) {
        EXPECT_EQ(each.ids, front + someIds(3000, static_cast<TokenId>(each.key.number)));
        store->change(PromptForget{each.key});
    }
    store.reset();
    auto database = base::SqliteDatabase::open(kPrompts, &files);
    ASSERT_TRUE(database.ok());
    auto count = (*database)->prepare("SELECT (SELECT count(*) FROM prompts) + (SELECT count(*) FROM pieces)");
    ASSERT_TRUE(count.ok());
    ASSERT_TRUE((*count)->step().ok());
    EXPECT_EQ((*count)->integer(0), 0);
}

TEST_F(PromptStoreTest, TheOldestGo) {
    limits.prompts = 100;
    restart();
    knowAll(0, 150);
    restart();
    EXPECT_THAT(known(), SizeIs(testing::AllOf(testing::Gt(90u), testing::Le(100u))));
    EXPECT_EQ(known().back(), 149u);
}

TEST_F(PromptStoreTest, StaysWithinItsBytes) {
    limits.diskBytes = 1 << 20;
    restart();
    std::uint64_t most = 0;
    for (std::uint64_t number = 0; number < 200; number += 10) {
        knowAll(number, number + 10, 8000);  // 32 kB each
        most = std::max(most, files.diskBytes(kPrompts));
    }
    restart();
    EXPECT_LE(std::max(most, files.diskBytes(kPrompts)), limits.diskBytes + (limits.diskBytes >> 3));
    EXPECT_GT(known(8000).size(), 15u);
    EXPECT_EQ(known(8000).back(), 199u);
}

TEST_F(PromptStoreTest, AtMostSoManyBytesComeBackTheLatest) {
    knowAll(0, 20, 1000);
    store.reset();
    store.emplace(PromptStoreParts{.file = kPrompts, .files = &files});
    store->load(10'000, [this](std::vector<StoredPrompt> all) { earlier = std::move(all); });
    store->flush();
    EXPECT_THAT(known(1000), ElementsAre(18, 19));
}

TEST_F(PromptStoreTest, ClearForgetsAllAndWhatComesLaterIsKept) {
    knowAll(0, 10);
    restart();
    const PromptKey old = earlier.front().key;
    know(20, 100);
    begin(21, someIds(100, 21));
    store->clear("");
    end(21, 100);
    know(22, 100);
    store->change(PromptForget{old});  // of a file that is no more
    restart();
    EXPECT_THAT(known(), ElementsAre(22));
}

TEST_F(PromptStoreTest, ClearOfAModelLeavesTheOthers) {
    knowAll(0, 3);
    begin(5, someIds(100, 5), "other");
    end(5, 100);
    store->clear("tiny");
    restart();
    EXPECT_THAT(known(), ElementsAre(5));
}

TEST_F(PromptStoreTest, ACrashLosesOnlyWhatWasNotOnTheDisk) {
    knowAll(0, 20);
    files.settle();
    files.powerCut();
    knowAll(20, 30);
    store.reset();
    files.boot();
    start();
    EXPECT_THAT(known(), SizeIs(20));
    knowAll(30, 40);
    restart();
    EXPECT_THAT(known(), SizeIs(30));
}

TEST_F(PromptStoreTest, AFullDiskLosesOnlyTheRecord) {
    knowAll(0, 10);
    files.full(true);
    knowAll(10, 20);
    files.full(false);
    knowAll(20, 30);
    restart();
    EXPECT_THAT(known(), SizeIs(20));
}

TEST_F(PromptStoreTest, WhatTheDiskDoesNotKeepUpWithIsNotWritten) {
    store.reset();
    store.emplace(PromptStoreParts{.file = kPrompts, .files = &files, .queueBytes = 0});
    know(1, 100);
    restart();
    EXPECT_THAT(earlier, IsEmpty());
}

TEST_F(PromptStoreTest, ABrokenFileIsSetAside) {
    knowAll(0, 10);
    store.reset();
    for (std::uint64_t bit = 0; bit < 100 * 8; ++bit) files.flipBit(kPrompts, bit);
    start();
    EXPECT_THAT(earlier, IsEmpty());
    EXPECT_TRUE(files.exists(std::string(kPrompts) + ".broken"));
    knowAll(10, 20);
    restart();
    EXPECT_THAT(known(), SizeIs(10));
}

TEST_F(PromptStoreTest, ABitThatFlipsIsAPromptLessAndNeverAnotherToken) {
    knowAll(0, 100, 2500);
    store.reset();
    auto file = files.open(kPrompts, base::OpenMode::Read);
    ASSERT_TRUE(file.ok());
    const std::uint64_t bits = *(*file)->size() * 8;
    std::mt19937_64 random(1);
    for (int i = 0; i < 100; ++i) files.flipBit(kPrompts, 4096 * 8 + random() % (bits - 4096 * 8));
    start();
    EXPECT_LT(known(2500).size(), 100u);
}

TEST_F(PromptStoreTest, ADamagedPieceIsMendedByWhoeverHasItsTokens) {
    know(1, 3000);
    store.reset();
    {
        auto database = base::SqliteDatabase::open(kPrompts, &files);
        ASSERT_TRUE(database.ok());
        ASSERT_TRUE((*database)->run("UPDATE pieces SET tokens = zeroblob(3840)").ok());
    }
    start();
    EXPECT_THAT(earlier, IsEmpty());
    begin(2, someIds(3000, 1));
    end(2, 3000);
    restart();
    ASSERT_THAT(earlier, SizeIs(2));
    EXPECT_EQ(earlier[1].ids, someIds(3000, 1));
}

TEST_F(PromptStoreTest, ANewerFormatIsLeftAlone) {
    store.reset();
    {
        auto database = base::SqliteDatabase::open(kPrompts, &files);
        ASSERT_TRUE(database.ok());
        ASSERT_TRUE((*database)->run("PRAGMA user_version = 2").ok());
    }
    start();
    knowAll(0, 10);
    restart();
    EXPECT_THAT(earlier, IsEmpty());
    EXPECT_FALSE(files.exists(std::string(kPrompts) + ".broken"));
}

// Whatever the disk does: what is known is what was told, and once the disk works again it remembers again.
TEST(PromptStoreFaults, NeverKnowsWhatWasNotTold) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        support::FaultyFileSystem files(seed);
        ASSERT_TRUE(files.makeFolder("/base").ok());
        files.settle();
        std::vector<StoredPrompt> earlier;
        const auto open = [&] {
            auto store = std::make_unique<PromptStore>(PromptStoreParts{
                .file = kPrompts, .files = &files, .limits = {.prompts = 40}, .openEvery = std::chrono::milliseconds(0)});
            store->load(kAll, [&](std::vector<StoredPrompt> all) { earlier = std::move(all); });
            store->flush();
            return store;
        };
        auto store = open();
        std::mt19937 random(static_cast<unsigned>(seed));
        // A prompt's own number tells its tokens.
        const auto idsOf = [](std::uint64_t number, std::size_t answer) {
            return someIds(2000, static_cast<TokenId>(number % 5)) + someIds(500 + answer, static_cast<TokenId>(number));
        };
        files.plan({.tornWrite = 0.03, .failedWrite = 0.03, .noSpace = 0.03, .failedRead = 0.02, .failedSync = 0.05, .failedOpen = 0.02, .failedName = 0.02});
        for (std::uint64_t round = 1; round <= 200; ++round) {
            store->change(PromptBegin{round, "tiny", 1, idsOf(round, 0)});
            if (random() % 4 != 0) {
                const std::vector<TokenId> whole = idsOf(round, 1000);
                store->change(PromptEnd{.key = {0, round},
                                        .answer = {whole.end() - 1000, whole.end()},
                                        .ends = {3500},
                                        .computedTokens = 3500,
                                        .keptTokens = 3500,
                                        .diskWasOn = true,
                                        .contained = {}});
            }
            if (random() % 5 == 0) store->change(PromptForget{{0, random() % round}});
            if (random() % 3 == 0) store->flush();
            if (round % 50 != 0) continue;
            store.reset();
            if (round == 100) {
                files.powerCut();
                files.boot();
            }
            store = open();
            for (const StoredPrompt& each : earlier)
                ASSERT_EQ(each.ids, idsOf(each.key.number, each.state == PromptState::Running ? 0 : 1000)) << "seed " << seed;
        }
        files.plan({});
        store->change(PromptBegin{999, "tiny", 1, {1, 2, 3}});
        store.reset();
        store = open();
        ASSERT_FALSE(earlier.empty()) << "seed " << seed;
        ASSERT_EQ(earlier.back().ids, (std::vector<TokenId>{1, 2, 3})) << "seed " << seed;
    }
}

TEST(PromptStoreOnDisk, IsTheUsersAlone) {
    const support::TempFolder folder;
    const auto file = folder.path() / "prompts.sqlite3";
    PromptStore store({.file = file});
    store.change(PromptBegin{1, "tiny", 1, {1, 2, 3}});
    store.flush();
    struct stat status{};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace larder::records
