#include "engine/base/sqlite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <random>

#include "tests/support/faulty_file_system.h"
#include "tests/support/temp_folder.h"

namespace larder::base {
namespace {

using support::FaultyFileSystem;
using testing::HasSubstr;

std::span<const std::byte> bytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

std::int64_t numberFrom(SqliteDatabase& database, const std::string& sql) {
    auto statement = database.prepare(sql);
    EXPECT_TRUE(statement.ok());
    if (!statement.ok()) return -1;
    const auto row = (*statement)->step();
    EXPECT_TRUE(row.ok() && *row);
    return (*statement)->integer(0);
}

// SQLite's own files; a FileSystem of ours on the disk, in memory, and one that can fail.
class Sqlite : public testing::TestWithParam<std::string> {
protected:
    Sqlite() {
        if (GetParam() == "memory") m_own = makeMemoryFileSystem();
        if (GetParam() == "faulty") m_own = std::make_unique<FaultyFileSystem>();
        EXPECT_TRUE(disk().makeFolder(m_folder.path()).ok());
    }
    FileSystem* files() { return m_own ? m_own.get() : GetParam() == "real" ? &realFileSystem() : nullptr; }
    FileSystem& disk() { return files() != nullptr ? *files() : realFileSystem(); }
    std::filesystem::path path() const { return m_folder / "x.sqlite3"; }
    std::unique_ptr<SqliteDatabase> open() {
        auto database = SqliteDatabase::open(path(), files());
        EXPECT_TRUE(database.ok()) << database.error().message;
        return database.ok() ? std::move(*database) : nullptr;
    }

private:
    support::TempFolder m_folder;
    std::unique_ptr<FileSystem> m_own;
};

INSTANTIATE_TEST_SUITE_P(Kinds, Sqlite, testing::Values("own", "real", "memory", "faulty"), [](const auto& kind) { return kind.param; });

TEST_P(Sqlite, StatementsBindStepAndRunAgain) {
    const auto database = open();
    ASSERT_TRUE(database->run("CREATE TABLE t (i INTEGER, r REAL, x TEXT, b BLOB); CREATE INDEX t_i ON t (i)").ok());
    auto insert = database->prepare("INSERT INTO t VALUES (?, ?, ?, ?)");
    ASSERT_TRUE(insert.ok());
    ASSERT_TRUE((*insert)->bind(1, INT64_MIN).bind(2, 0.1).bind(3, std::string_view("a\0é", 4)).bind(4, bytesOf("\xff\0")).execute().ok());
    EXPECT_EQ(database->changedRows(), 1);
    ASSERT_TRUE((*insert)->bind(1, std::int64_t{7}).bind(3, std::string_view()).bind(4, std::span<const std::byte>()).execute().ok());
    auto select = database->prepare("SELECT i, r, x, b, x IS NULL, b IS NULL FROM t WHERE i <= ? ORDER BY i");
    ASSERT_TRUE(select.ok());
    for (int round = 0; round < 2; ++round) {
        (*select)->bind(1, std::int64_t{100});
        ASSERT_TRUE(*(*select)->step());
        EXPECT_EQ((*select)->integer(0), INT64_MIN);
        EXPECT_EQ((*select)->real(1), 0.1);
        EXPECT_EQ((*select)->text(2), std::string("a\0é", 4));
        EXPECT_EQ((*select)->blob(3).size(), 1u);
        ASSERT_TRUE(*(*select)->step());
        EXPECT_EQ((*select)->integer(0), 7);
        EXPECT_EQ((*select)->real(1), 0.1) << "parameters stay";
        EXPECT_EQ((*select)->text(2), "");
        EXPECT_TRUE((*select)->blob(3).empty());
        EXPECT_EQ((*select)->integer(4) + (*select)->integer(5), 0) << "empty is not NULL";
        EXPECT_FALSE(*(*select)->step());
    }
    (*select)->bind(1, std::int64_t{100});
    ASSERT_TRUE(*(*select)->step());
    (*select)->reset();
    ASSERT_TRUE(*(*select)->bind(1, std::int64_t{0}).step());
    EXPECT_FALSE(*(*select)->step());
}

TEST_P(Sqlite, SaysWhatIsWrong) {
    const auto database = open();
    const auto wrong = database->run("SELEC 1");
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.error().code, ErrorCode::Internal);
    EXPECT_THAT(wrong.error().message, HasSubstr(path().string()));
    EXPECT_THAT(wrong.error().message, HasSubstr("SELEC"));
    EXPECT_FALSE(database->prepare("SELECT * FROM nothing").ok());
    ASSERT_TRUE(database->run("CREATE TABLE t (i INTEGER PRIMARY KEY)").ok());
    auto insert = database->prepare("INSERT INTO t VALUES (?)");
    ASSERT_TRUE(insert.ok());
    EXPECT_FALSE((*insert)->bind(2, std::int64_t{1}).execute().ok()) << "there is no second parameter";
    EXPECT_TRUE((*insert)->bind(1, std::int64_t{1}).execute().ok());
    EXPECT_FALSE((*insert)->execute().ok()) << "there already";
    EXPECT_TRUE((*insert)->bind(1, std::int64_t{2}).execute().ok());
}

TEST_P(Sqlite, TransactionsAreAllOrNothing) {
    const auto database = open();
    ASSERT_TRUE(database->run("CREATE TABLE t (i)").ok());
    {
        auto transaction = SqliteTransaction::begin(*database);
        ASSERT_TRUE(transaction.ok());
        EXPECT_FALSE(SqliteTransaction::begin(*database).ok());
        ASSERT_TRUE(database->run("INSERT INTO t VALUES (1)").ok());
    }
    EXPECT_EQ(numberFrom(*database, "SELECT count(*) FROM t"), 0);
    {
        auto transaction = SqliteTransaction::begin(*database);
        ASSERT_TRUE(transaction.ok());
        const SqliteTransaction moved = std::move(*transaction);
        ASSERT_TRUE(database->run("INSERT INTO t VALUES (1)").ok());
    }
    EXPECT_EQ(numberFrom(*database, "SELECT count(*) FROM t"), 0);
    {
        auto transaction = SqliteTransaction::begin(*database);
        ASSERT_TRUE(transaction.ok());
        ASSERT_TRUE(database->run("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)").ok());
        ASSERT_TRUE(transaction->commit().ok());
    }
    EXPECT_EQ(numberFrom(*database, "SELECT count(*) FROM t"), 2);
}

TEST_P(Sqlite, OpensAgainAndHasASize) {
    {
        const auto database = open();
        ASSERT_TRUE(database->run("CREATE TABLE t (i)").ok());
        ASSERT_TRUE(database->run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
                                  "INSERT INTO t SELECT i FROM n").ok());
        EXPECT_TRUE(disk().exists(path().string() + "-wal"));
        const std::uint64_t before = database->diskBytes();
        EXPECT_GT(before, 100'000u);
        ASSERT_TRUE(database->checkpoint().ok());
        EXPECT_EQ(disk().diskBytes(path().string() + "-wal"), 0u);
        EXPECT_LT(database->diskBytes(), before);
    }
    const auto database = open();
    EXPECT_EQ(numberFrom(*database, "SELECT sum(i) FROM t"), 50'005'000);
    EXPECT_EQ(numberFrom(*database, "PRAGMA synchronous"), 1);
}

TEST_P(Sqlite, RefusesWhatIsNoDatabase) {
    for (const std::string& content : {std::string("hello"), std::string(10'000, 'x'), std::string(4096, '\0')}) {
        auto file = disk().open(path(), OpenMode::Replace);
        ASSERT_TRUE(file.ok());
        ASSERT_TRUE((*file)->writeAt(0, bytesOf(content)).ok());
        file->reset();
        const auto database = SqliteDatabase::open(path(), files());
        ASSERT_FALSE(database.ok());
        EXPECT_EQ(database.error().code, ErrorCode::Corrupt) << database.error().message;
        EXPECT_THAT(database.error().message, HasSubstr(path().string()));
    }
    ASSERT_TRUE(disk().open(path(), OpenMode::Replace).ok());
    EXPECT_TRUE(SqliteDatabase::open(path(), files()).ok()) << "empty";
    const auto missing = SqliteDatabase::open(path().parent_path() / "none/x", files());
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound) << missing.error().message;
}

TEST(SqliteOnDisk, IsForTheUserAloneAndFollowsNoLinks) {
    const support::TempFolder folder;
    for (FileSystem* files : {static_cast<FileSystem*>(nullptr), &realFileSystem()}) {
        const auto path = folder / (files != nullptr ? "ours" : "own");
        const auto database = SqliteDatabase::open(path, files);
        ASSERT_TRUE(database.ok());
        ASSERT_TRUE((*database)->run("CREATE TABLE t (i)").ok());
        for (const char* end : {"", "-wal"}) {
            struct stat info {};
            ASSERT_EQ(::stat((path.string() + end).c_str(), &info), 0);
            EXPECT_EQ(info.st_mode & 0777, 0600u);
        }
        std::filesystem::create_symlink(path, path.string() + "-link");
        EXPECT_FALSE(SqliteDatabase::open(path.string() + "-link", files).ok());
    }
}

TEST(SqliteOnDisk, SaysWhenAnotherOneWrites) {
    const support::TempFolder folder;
    const auto first = SqliteDatabase::open(folder / "x");
    const auto second = SqliteDatabase::open(folder / "x");
    ASSERT_TRUE(first.ok() && second.ok());
    const auto transaction = SqliteTransaction::begin(**first);
    const auto refused = SqliteTransaction::begin(**second);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
}

// ---- Under faults. Each transaction adds row n with a payload, and writes n and a sum to the one row of "state".

Expected<void> makeTables(SqliteDatabase& database) {
    return database.run("BEGIN; CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY, payload BLOB);"
                        "CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, n INTEGER, sum INTEGER);"
                        "INSERT OR IGNORE INTO state VALUES (0, 0, 0); COMMIT");
}

Expected<void> addRow(SqliteDatabase& database, std::int64_t n, std::size_t payloadBytes) {
    auto transaction = SqliteTransaction::begin(database);
    if (!transaction.ok()) return transaction.error();
    auto insert = database.prepare("INSERT INTO rows VALUES (?, ?)");
    if (!insert.ok()) return insert.error();
    const std::vector<std::byte> payload(payloadBytes, static_cast<std::byte>(n));
    if (auto done = (*insert)->bind(1, n).bind(2, std::span(payload)).execute(); !done.ok()) return done;
    auto update = database.prepare("UPDATE state SET n = ?1, sum = sum + ?1");
    if (!update.ok()) return update.error();
    if (auto done = (*update)->bind(1, n).execute(); !done.ok()) return done;
    return transaction->commit();
}

// How many transactions there are; -1 for a database that is none of a prefix of them.
std::int64_t countedRows(SqliteDatabase& database) {
    if (numberFrom(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'state'") == 0) return 0;
    auto check = database.prepare("PRAGMA integrity_check");
    if (!check.ok() || !(*check)->step().ok() || (*check)->text(0) != "ok") return -1;
    const std::int64_t n = numberFrom(database, "SELECT n FROM state");
    const bool isWhole = numberFrom(database, "SELECT count(*) FROM rows") == n &&
                         numberFrom(database, "SELECT coalesce(max(n), 0) FROM rows") == n &&
                         numberFrom(database, "SELECT sum FROM state") == n * (n + 1) / 2;
    return isWhole ? n : -1;
}

TEST(SqliteUnderFaults, APowerCutLosesOnlyTheLastTransactions) {
    std::int64_t most = 0;
    int afterCheckpoints = 0;
    for (std::uint64_t seed = 1; seed <= 250; ++seed) {
        FaultyFileSystem files(seed);
        std::mt19937_64 random(seed);
        std::int64_t kept = 0;
        ASSERT_TRUE(files.makeFolder("/cache").ok());
        ASSERT_TRUE(files.syncFolder("/").ok());
        for (int boot = 0; boot < 3; ++boot) {
            files.powerCutAfter(1 + random() % (boot == 0 && seed % 3 == 0 ? 30 : 1500));
            std::int64_t committed = kept;
            std::int64_t synced = kept;
            const auto work = [&]() -> Expected<void> {
                auto database = SqliteDatabase::open("/cache/x.sqlite3", &files);
                if (!database.ok()) return database.error();
                if (auto made = makeTables(**database); !made.ok()) return made;
                for (;;) {
                    if (auto added = addRow(**database, committed + 1, random() % 3000); !added.ok()) return added;
                    ++committed;
                    if (random() % 40 != 0) continue;
                    if (auto done = (*database)->checkpoint(); !done.ok()) return done;
                    synced = committed;
                    ++afterCheckpoints;
                }
            };
            const auto ended = work();
            ASSERT_TRUE(files.isOff());
            EXPECT_EQ(ended.error().code, ErrorCode::Io) << ended.error().message;
            files.boot();
            auto database = SqliteDatabase::open("/cache/x.sqlite3", &files);
            ASSERT_TRUE(database.ok()) << "seed " << seed << ": " << database.error().message;
            kept = countedRows(**database);
            ASSERT_GE(kept, synced) << "seed " << seed;
            ASSERT_LE(kept, committed + 1) << "seed " << seed;
            most = std::max(most, kept);
        }
    }
    EXPECT_GT(most, 100);
    EXPECT_GT(afterCheckpoints, 100);
}

TEST(SqliteUnderFaults, ABrokenDiskLosesNothingThatWasCommitted) {
    int failures = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        FaultyFileSystem files(seed);
        std::int64_t committed = 0;
        bool isUnsure = false;  // the last one failed at a moment at which it may have been written
        {
            auto database = SqliteDatabase::open("/x.sqlite3", &files);
            ASSERT_TRUE(database.ok());
            ASSERT_TRUE(makeTables(**database).ok());
            files.plan({.tornWrite = 0.005, .failedWrite = 0.005, .noSpace = 0.005, .failedRead = 0.002, .failedSync = 0.05});
            for (int i = 0; i < 100; ++i) {
                const auto added = addRow(**database, committed + 1, 2000);
                if (added.ok()) {
                    ++committed;
                    isUnsure = false;
                    continue;
                }
                ++failures;
                isUnsure = true;
                EXPECT_THAT(added.error().code, testing::AnyOf(ErrorCode::Io, ErrorCode::NoSpace, ErrorCode::Internal)) << added.error().message;
                if (added.error().code == ErrorCode::Internal) break;  // it was written after all: there already
                (void)(*database)->checkpoint();
            }
            files.plan({});
        }
        auto database = SqliteDatabase::open("/x.sqlite3", &files);
        ASSERT_TRUE(database.ok()) << "seed " << seed << ": " << database.error().message;
        const std::int64_t kept = countedRows(**database);
        EXPECT_GE(kept, committed) << "seed " << seed;
        EXPECT_LE(kept, committed + (isUnsure ? 1 : 0)) << "seed " << seed;
    }
    EXPECT_GT(failures, 100);
}

TEST(SqliteUnderFaults, AFullDiskIsToldAndLeavesTheRest) {
    FaultyFileSystem files;
    auto database = SqliteDatabase::open("/x.sqlite3", &files);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(makeTables(**database).ok());
    ASSERT_TRUE(addRow(**database, 1, 1000).ok());
    files.full(true);
    const auto refused = addRow(**database, 2, 100'000);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::NoSpace);
    EXPECT_THAT(refused.error().message, HasSubstr("/x.sqlite3-wal"));
    EXPECT_EQ(countedRows(**database), 1);
    files.full(false);
    EXPECT_TRUE(addRow(**database, 2, 100'000).ok());
    EXPECT_EQ(countedRows(**database), 2);
}

TEST(SqliteUnderFaults, FlippedBitsNeverCrash) {
    FaultyFileSystem files;
    {
        auto database = SqliteDatabase::open("/good", &files);
        ASSERT_TRUE(database.ok() && makeTables(**database).ok());
        for (int n = 1; n <= 30; ++n) ASSERT_TRUE(addRow(**database, n, 500).ok());
    }
    const auto good = files.open("/good", OpenMode::Read);
    std::vector<std::byte> bytes(*(*good)->size());
    ASSERT_TRUE((*good)->readAt(0, bytes).ok());
    std::mt19937_64 random(1);
    int refusals = 0;
    for (int i = 0; i < 300; ++i) {
        auto file = files.open("/bad", OpenMode::Replace);
        ASSERT_TRUE((*file)->writeAt(0, bytes).ok());
        for (int flips = 0; flips < 4; ++flips) files.flipBit("/bad", random() % (bytes.size() * 8 / (i % 2 == 0 ? 1 : 8)));
        auto database = SqliteDatabase::open("/bad", &files);
        if (!database.ok()) {
            ++refusals;
            continue;
        }
        auto all = (*database)->prepare("SELECT n, payload FROM rows ORDER BY n");
        if (!all.ok()) continue;
        for (auto row = (*all)->step(); row.ok() && *row; row = (*all)->step()) (void)(*all)->blob(1).size();
        (void)addRow(**database, 1000, 100);
    }
    EXPECT_GT(refusals, 0);
}

}  // namespace
}  // namespace larder::base
