// replay.sqlite3 through restarts, crashes, full and broken disks: a record is what was put, or a miss; serving never notices.
#include "engine/records/replay_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <map>
#include <random>
#include <set>

#include "engine/base/thread.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/temp_folder.h"

namespace larder {

bool operator==(const ReplayRecord& a, const ReplayRecord& b) {
    return a.message == b.message && a.tokens == b.tokens && a.promptBytes == b.promptBytes && a.promptHash == b.promptHash;
}

namespace records {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr const char* kFile = "/base/replay.sqlite3";

// Any bytes, as keys are.
std::string keyOf(int number) {
    std::string key("\0key\xff", 5);
    for (int shift = 0; shift < 32; shift += 8) key += static_cast<char>(number >> shift & 0xff);
    return key;
}

ReplayRecord record(int number, std::size_t tokens = 20) {
    ReplayRecord made;
    made.message = R"({"role":"assistant","content":"answer )" + std::to_string(number) + "\"}";
    for (std::size_t i = 0; i < tokens; ++i) made.tokens.push_back(static_cast<TokenId>(number * 31 + static_cast<int>(i)));
    made.promptBytes = std::uint64_t{1} << 63 | static_cast<std::uint64_t>(number);
    made.promptHash = {std::uint64_t(-1) - static_cast<std::uint64_t>(number), 5};
    return made;
}

class ReplayStoreTest : public testing::Test {
protected:
    void SetUp() override {
        files.setClock(1'000 * kHourMs);
        ASSERT_TRUE(files.makeFolder("/base").ok());
        files.settle();
        start();
    }
    void start() {
        store.emplace(ReplayStoreParts{.file = kFile,
                                       .files = &files,
                                       .unixMs = [this] { return files.unixMs(); },
                                       .limits = limits,
                                       .memoryBytes = memoryBytes,
                                       .patience = std::chrono::minutes(5),
                                       .openEvery = std::chrono::milliseconds(0)});
    }
    void restart() {
        store.reset();
        start();
    }
    void putAll(int first, int last, std::size_t tokens = 20) {
        for (int i = first; i < last; ++i) {
            store->put(keyOf(i), record(i, tokens));
            if (i % 50 == 49) store->flush();
        }
        store->flush();
    }
    // How many of these it has; each must be what was put.
    int found(int first, int last, std::size_t tokens = 20) {
        int count = 0;
        for (int i = first; i < last; ++i)
            if (const auto one = store->find(keyOf(i))) {
                EXPECT_EQ(*one, record(i, tokens));
                ++count;
            }
        return count;
    }

    support::FaultyFileSystem files;
    ReplayLimits limits;
    std::size_t memoryBytes = 16 << 20;
    std::optional<SqliteReplayStore> store;
};

TEST_F(ReplayStoreTest, ClearForgetsRamAndDiskAndWhatComesLaterIsKept) {
    putAll(0, 100);
    restart();
    EXPECT_TRUE(store->find(keyOf(3)).has_value());
    store->put(keyOf(200), record(200));
    store->clear();
    for (const int number : {3, 4, 200}) EXPECT_FALSE(store->find(keyOf(number)).has_value()) << number;
    store->put(keyOf(5), record(5));
    restart();
    EXPECT_FALSE(store->find(keyOf(3)).has_value());
    EXPECT_FALSE(store->find(keyOf(200)).has_value());
    EXPECT_EQ(store->find(keyOf(5)), record(5));
}

TEST_F(ReplayStoreTest, FindsWhatWasPut) {
    EXPECT_FALSE(store->find(keyOf(1)));
    store->put(keyOf(1), record(1));
    EXPECT_EQ(store->find(keyOf(1)), record(1)) << "before it is written";
    store->put(keyOf(1), record(2));
    EXPECT_EQ(store->find(keyOf(1)), record(2));
    store->put("", record(3, 0));
    restart();
    EXPECT_EQ(store->find(keyOf(1)), record(2));
    EXPECT_EQ(store->find(""), record(3, 0));
    EXPECT_FALSE(store->find(keyOf(2)));
}

TEST_F(ReplayStoreTest, WhatDoesNotFitTheMemoryComesFromTheDisk) {
    memoryBytes = 20'000;
    restart();
    putAll(0, 300);
    EXPECT_EQ(found(0, 300), 300);
    EXPECT_EQ(found(0, 300), 300);
}

TEST_F(ReplayStoreTest, ARecordLargerThanTheMemoryIsOnTheDisk) {
    memoryBytes = 20'000;
    restart();
    store->put(keyOf(1), record(1, 100'000));
    store->put(keyOf(2), record(2));
    store->flush();
    EXPECT_EQ(store->find(keyOf(1)), record(1, 100'000));
    EXPECT_EQ(found(2, 3), 1);
}

TEST_F(ReplayStoreTest, WhatTheDiskDoesNotKeepUpWithStaysInMemory) {
    store.reset();
    SqliteReplayStore slow({.file = kFile, .files = &files, .queueBytes = 0});
    slow.put(keyOf(1), record(1));
    slow.flush();
    EXPECT_EQ(slow.find(keyOf(1)), record(1));
}

TEST_F(ReplayStoreTest, APutOverwritesAMissThatIsKnown) {
    EXPECT_FALSE(store->find(keyOf(1)));
    EXPECT_FALSE(store->find(keyOf(1)));
    store->put(keyOf(1), record(1));
    EXPECT_EQ(store->find(keyOf(1)), record(1));
}

TEST_F(ReplayStoreTest, TheOldestUnusedGo) {
    limits.records = 100;
    restart();
    putAll(0, 100);
    EXPECT_EQ(found(0, 100), 100);
    files.jumpClock(kHourMs);
    EXPECT_EQ(found(0, 10), 10) << "used again, an hour later";
    putAll(100, 150);
    restart();
    EXPECT_EQ(found(0, 10), 10);
    EXPECT_EQ(found(10, 60), 0);
    EXPECT_GT(found(60, 150), 85) << "a few go at once";
}

TEST_F(ReplayStoreTest, AClockThatIsSetBackMakesNothingOld) {
    limits.records = 50;
    restart();
    putAll(0, 50);
    files.jumpClock(-900 * kHourMs);
    restart();
    putAll(50, 60);
    restart();
    EXPECT_EQ(found(50, 60), 10);
}

TEST_F(ReplayStoreTest, StaysWithinItsBytes) {
    limits.diskBytes = 1 << 20;
    restart();
    const auto bytes = [&] { return files.diskBytes(kFile) + files.diskBytes(std::string(kFile) + "-wal"); };
    std::uint64_t most = 0;
    for (int i = 0; i < 4000; i += 100) {
        putAll(i, i + 100, 500);
        most = std::max(most, bytes());
    }
    EXPECT_GT(most, std::uint64_t{1} << 19);
    store.reset();
    EXPECT_LE(bytes(), std::uint64_t{1} << 20);
    start();
    EXPECT_GT(found(3800, 4000, 500), 100) << "the latest";
    EXPECT_EQ(found(0, 3000, 500), 0);
}

TEST_F(ReplayStoreTest, ACrashLosesOnlyWhatWasNotOnTheDisk) {
    putAll(0, 50);
    files.settle();
    files.powerCut();
    putAll(50, 60);
    EXPECT_EQ(found(0, 60), 60) << "the server does not notice";
    store.reset();
    files.boot();
    start();
    EXPECT_EQ(found(0, 50), 50);
    EXPECT_EQ(found(50, 60), 0);
    putAll(50, 60);
    restart();
    EXPECT_EQ(found(0, 60), 60);
}

TEST_F(ReplayStoreTest, AFullDiskIsNoTrouble) {
    putAll(0, 10);
    files.full(true);
    putAll(10, 20);
    EXPECT_EQ(found(0, 20), 20);
    files.full(false);
    putAll(20, 30);
    restart();
    EXPECT_EQ(found(0, 10), 10);
    EXPECT_EQ(found(20, 30), 10);
}

TEST_F(ReplayStoreTest, ADiskThatCannotBeReadIsAMissAndNotBelieved) {
    putAll(0, 10);
    restart();
    store->flush();
    files.failReads(true);
    EXPECT_EQ(found(0, 10), 0);
    files.failReads(false);
    EXPECT_EQ(found(0, 10), 10);
}

TEST_F(ReplayStoreTest, AFileThatCannotBeOpenedIsOpenedLater) {
    putAll(0, 10);
    store.reset();
    files.plan({.failedOpen = 1});
    start();
    EXPECT_EQ(found(0, 10), 0);
    store->put(keyOf(10), record(10));
    EXPECT_EQ(found(10, 11), 1);
    files.plan({});
    EXPECT_EQ(found(0, 10), 10);
}

TEST_F(ReplayStoreTest, ABrokenFileIsSetAside) {
    putAll(0, 10);
    store.reset();
    for (std::uint64_t bit = 0; bit < 100 * 8; ++bit) files.flipBit(kFile, bit);
    start();
    EXPECT_EQ(found(0, 10), 0);
    EXPECT_TRUE(files.exists(std::string(kFile) + ".broken"));
    putAll(10, 20);
    restart();
    EXPECT_EQ(found(10, 20), 10);
}

TEST_F(ReplayStoreTest, AFileThatBreaksWhileServingIsAMissAndNeverSomethingElse) {
    memoryBytes = 20'000;
    restart();
    putAll(0, 3000, 500);
    auto file = files.open(kFile, base::OpenMode::Write);
    ASSERT_TRUE(file.ok());
    const std::uint64_t bytes = *(*file)->size();
    ASSERT_GT(bytes, 6'000'000u);
    const std::vector<std::byte> noise(bytes - 4096, std::byte{0xa5});
    ASSERT_TRUE((*file)->writeAt(4096, noise).ok());
    EXPECT_LT(found(0, 3000, 500), 3000);
    EXPECT_TRUE(files.exists(std::string(kFile) + ".broken"));
    putAll(0, 10);
    restart();
    EXPECT_EQ(found(0, 10), 10);
}

TEST_F(ReplayStoreTest, ABitThatFlipsIsAMissAndNeverAnotherToken) {
    putAll(0, 200, 200);
    store.reset();
    auto file = files.open(kFile, base::OpenMode::Read);
    ASSERT_TRUE(file.ok());
    const std::uint64_t bits = *(*file)->size() * 8;
    std::mt19937_64 random(1);
    for (int i = 0; i < 400; ++i) files.flipBit(kFile, 4096 * 8 + random() % (bits - 4096 * 8));
    start();
    EXPECT_LT(found(0, 200, 200), 200);  // and those it finds are right
}

TEST_F(ReplayStoreTest, ANewerFormatIsLeftAlone) {
    store.reset();
    {
        auto database = base::SqliteDatabase::open(kFile, &files);
        ASSERT_TRUE(database.ok());
        ASSERT_TRUE((*database)->run("PRAGMA user_version = 2").ok());
    }
    start();
    putAll(0, 10);
    EXPECT_EQ(found(0, 10), 10) << "in RAM";
    restart();
    EXPECT_EQ(found(0, 10), 0);
    EXPECT_FALSE(files.exists(std::string(kFile) + ".broken"));
}

TEST_F(ReplayStoreTest, ManyThreadsAtOnce) {
    memoryBytes = 50'000;
    limits.records = 400;
    restart();
    std::vector<base::Thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back("test", [this, thread] {
            std::mt19937 random(static_cast<unsigned>(thread));
            for (int i = 0; i < 500; ++i) {
                const int number = static_cast<int>(random() % 300);
                if (random() % 2 == 0) {
                    store->put(keyOf(number), record(number));
                } else if (const auto one = store->find(keyOf(number))) {
                    EXPECT_EQ(*one, record(number));
                }
            }
        });
    for (base::Thread& thread : threads) thread.join();
    restart();
    EXPECT_GT(found(0, 300), 200);
}

// Whatever the disk does: what is found is what was put last, and once the disk works again it remembers again.
TEST(ReplayStoreFaults, NeverFindsWhatWasNotPut) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        support::FaultyFileSystem files(seed);
        files.setClock(kHourMs);
        ASSERT_TRUE(files.makeFolder("/base").ok());
        files.settle();
        const auto open = [&] {
            return std::make_unique<SqliteReplayStore>(ReplayStoreParts{.file = kFile,
                                                                       .files = &files,
                                                                       .unixMs = [&] { return files.unixMs(); },
                                                                       .limits = {.records = 60},
                                                                       .memoryBytes = 5'000,
                                                                       .patience = std::chrono::minutes(5),
                                                                       .openEvery = std::chrono::milliseconds(0)});
        };
        auto store = open();
        std::mt19937 random(static_cast<unsigned>(seed));
        std::map<int, std::set<int>> versions;  // that were put; a write that was lost leaves an older one
        files.plan({.tornWrite = 0.03, .failedWrite = 0.03, .noSpace = 0.03, .failedRead = 0.02, .failedSync = 0.05, .failedOpen = 0.02, .failedName = 0.02});
        for (int round = 0; round < 400; ++round) {
            const int number = static_cast<int>(random() % 100);
            if (random() % 3 == 0) {
                versions[number].insert(round * 100 + number);
                store->put(keyOf(number), record(round * 100 + number));
            } else if (const auto one = store->find(keyOf(number))) {
                bool known = false;
                for (const int version : versions[number]) known |= *one == record(version);
                ASSERT_TRUE(known) << "seed " << seed << ": " << one->message;
            }
            if (round % 100 == 99) {
                store.reset();
                if (round == 199) {
                    files.powerCut();
                    files.boot();
                }
                store = open();
            }
        }
        files.plan({});
        store->put(keyOf(1), record(7));
        store.reset();
        store = open();
        ASSERT_EQ(store->find(keyOf(1)), record(7)) << "seed " << seed;
    }
}

TEST(ReplayStoreOnDisk, IsTheUsersAlone) {
    const support::TempFolder folder;
    const auto file = folder.path() / "replay.sqlite3";
    {
        SqliteReplayStore store({.file = file});
        store.put(keyOf(1), record(1));
        store.flush();
        struct stat status{};
        ASSERT_EQ(stat(file.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0600u);
    }
    SqliteReplayStore store({.file = file, .patience = std::chrono::minutes(5)});
    EXPECT_EQ(store.find(keyOf(1)), record(1));
}

// The RAM goes on while the disk does not answer.
TEST(ReplayStoreOnDisk, ADiskThatDoesNotAnswerIsNotWaitedForTwice) {
    const support::TempFolder folder;
    SqliteReplayStore store({.file = folder.path() / "replay.sqlite3", .patience = std::chrono::milliseconds(0)});
    store.put(keyOf(1), record(1));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(store.find(keyOf(1)), record(1));
    store.find(keyOf(2));
    store.flush();
    EXPECT_FALSE(store.find(keyOf(2)));
}

}  // namespace
}  // namespace records
}  // namespace larder
