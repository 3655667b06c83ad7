// usage.sqlite3 through crashes, full and broken disks and clocks that jump: no token is counted twice, none is lost but those of
// the last seconds before a crash, and serving never notices.
#include "engine/records/usage_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "tests/support/faulty_file_system.h"

namespace larder::records {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kStartMs = 500'000 * kHourMs + 1234;

UsageCounters tokens(std::uint64_t count) {
    return {.requests = count / 10,
            .promptTokens = count,
            .cachedTokens = count / 2,
            .loadedTokens = count / 4,
            .computedPromptTokens = count - count / 2,
            .generatedTokens = count / 3,
            .prefillSeconds = static_cast<double>(count) / 8,
            .decodeSeconds = static_cast<double>(count) / 16,
            .firstTokens = count / 10,
            .ttftMs = static_cast<double>(count) / 4};
}

class UsageLogTest : public testing::Test {
protected:
    void SetUp() override {
        files.setClock(kStartMs);
        ASSERT_TRUE(files.makeFolder("/base").ok());
        files.settle();
        start();
    }

    // A server that has counted nothing yet.
    void start() {
        usage.publish({});
        log.emplace(UsageLogParts{.file = "/base/usage.sqlite3",
                                  .current = [this] { return usage.read(); },
                                  .files = &files,
                                  .unixMs = [this] { return files.unixMs(); },
                                  .writeEvery = std::chrono::hours(1)});
    }
    void stop() { log.reset(); }
    void count(std::uint64_t a, std::uint64_t b = 0) {
        std::vector<ModelUsage> now{{"a", tokens(a), {}}};
        if (b > 0) now.push_back({"b", tokens(b), {}});
        usage.publish(std::move(now));
    }
    UsageTotals totals() { return log->totals(usage.read()); }
    std::uint64_t all() { return totals().counters.promptTokens; }
    std::vector<UsageHour> hours() {
        auto rows = log->hours(0, 1'000'000);
        EXPECT_TRUE(rows.ok()) << rows.error().message;
        return rows ? std::move(*rows) : std::vector<UsageHour>();
    }
    std::uint64_t inHours() {
        std::uint64_t sum = 0;
        for (const UsageHour& hour : hours()) sum += hour.counters.promptTokens;
        return sum;
    }

    support::FaultyFileSystem files;
    base::Snapshot<std::vector<ModelUsage>> usage;
    std::optional<UsageLog> log;
};

TEST_F(UsageLogTest, TotalsAreExactWhateverIsWritten) {
    EXPECT_EQ(all(), 0u);
    EXPECT_EQ(totals().sinceUnixMs, 0);
    count(100, 40);
    EXPECT_EQ(all(), 140u) << "nothing is written yet";
    log->flush();
    EXPECT_EQ(all(), 140u) << "all is";
    EXPECT_EQ(totals().sinceUnixMs, kStartMs);
    count(170, 40);
    EXPECT_EQ(all(), 210u) << "a part is";
    stop();
    start();
    EXPECT_EQ(all(), 210u) << "the end wrote the rest";
    EXPECT_EQ(totals().sinceUnixMs, kStartMs);
    count(30);
    const UsageTotals sum = totals();
    EXPECT_EQ(sum.counters.promptTokens, 240u);
    ASSERT_EQ(sum.models.size(), 2u);
    EXPECT_EQ(sum.models[0].model, "a");
    EXPECT_EQ(sum.models[0].counters, [] { UsageCounters c = tokens(170); c.add(tokens(30)); return c; }());
    EXPECT_EQ(sum.models[1].counters, tokens(40));
}

TEST_F(UsageLogTest, HoursAreRowsAndWhatIsUnwritten) {
    count(100);
    log->flush();
    count(150, 7);
    ASSERT_EQ(hours().size(), 2u);
    EXPECT_EQ(hours()[0].counters, tokens(150));
    EXPECT_EQ(hours()[1].model, "b");
    log->flush();
    files.jumpClock(kHourMs);
    count(151, 7);
    log->flush();
    const auto rows = hours();
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].unixHour, 500'000);
    EXPECT_EQ(rows[0].counters, tokens(150));
    EXPECT_EQ(rows[2].unixHour, 500'001);
    EXPECT_EQ(rows[2].counters.promptTokens, 1u);
    EXPECT_EQ(log->hours(500'001, 500'001)->size(), 1u);
    EXPECT_EQ(log->hours(500'002, 600'000)->size(), 0u);
}

TEST_F(UsageLogTest, ClocksMayJump) {
    for (const std::int64_t jump : {std::int64_t{0}, -5 * kHourMs, -600'000 * kHourMs, 700'000 * kHourMs, std::int64_t{0}}) {
        files.jumpClock(jump);
        count(usage.read().empty() ? 10 : usage.read()[0].counters.promptTokens + 10);
        log->flush();
        EXPECT_EQ(inHours() <= all(), true);
    }
    EXPECT_EQ(all(), 50u);
    stop();
    start();
    EXPECT_EQ(all(), 50u);
}

TEST_F(UsageLogTest, OldHoursAreFoldedAndStillCount) {
    count(100);
    log->flush();
    files.jumpClock(401 * 24 * kHourMs);
    count(110);
    log->flush();
    EXPECT_EQ(hours().size(), 1u);
    EXPECT_EQ(inHours(), 10u);
    stop();
    start();
    EXPECT_EQ(all(), 110u);
}

TEST_F(UsageLogTest, ACrashLosesOnlyWhatWasNotWritten) {
    count(100);
    log->flush();
    files.settle();
    count(130);
    files.powerCut();
    EXPECT_EQ(all(), 130u) << "the server does not notice";
    stop();
    files.boot();
    start();
    EXPECT_EQ(all(), 100u);
}

TEST_F(UsageLogTest, AFullDiskKeepsNumbersInMemoryUntilThereIsRoom) {
    count(100);
    log->flush();
    files.full(true);
    count(200);
    log->flush();
    log->flush();
    EXPECT_EQ(all(), 200u);
    EXPECT_EQ(inHours(), 200u);
    files.full(false);
    count(210);
    log->flush();
    stop();
    start();
    EXPECT_EQ(all(), 210u);
}

TEST_F(UsageLogTest, AFileThatCannotBeOpenedIsOpenedLater) {
    count(100);
    stop();
    files.plan({.failedOpen = 1});
    start();
    count(20);
    EXPECT_EQ(all(), 20u) << "what the file has is not known";
    log->flush();
    files.plan({});
    log->flush();
    EXPECT_EQ(all(), 120u);
    stop();
    start();
    EXPECT_EQ(all(), 120u);
}

TEST_F(UsageLogTest, ABrokenFileIsSetAsideAndTheNextStartsAnew) {
    count(100);
    stop();
    for (std::uint64_t bit = 0; bit < 100 * 8; ++bit) files.flipBit("/base/usage.sqlite3", bit);
    start();
    EXPECT_TRUE(files.exists("/base/usage.sqlite3.broken"));
    EXPECT_EQ(all(), 0u);
    count(30);
    stop();
    start();
    EXPECT_EQ(all(), 30u);
}

TEST_F(UsageLogTest, AFileThatBreaksWhileServingCostsItsHoursOnly) {
    // More than SQLite keeps in RAM, so that it has to read the damage.
    std::uint64_t counted = 0;
    for (int hour = 0; hour < 3500; ++hour) {
        std::vector<ModelUsage> now;
        ++counted;
        for (int model = 0; model < 30; ++model) now.push_back({"model " + std::to_string(model), tokens(counted), {}});
        usage.publish(std::move(now));
        files.jumpClock(kHourMs);
        log->flush();
    }
    const std::uint64_t before = all();
    EXPECT_EQ(before, 3500u * 30);
    auto file = files.open("/base/usage.sqlite3", base::OpenMode::Write);
    ASSERT_TRUE(file.ok());
    const std::uint64_t bytes = *(*file)->size();
    ASSERT_GT(bytes, 3'000'000u);
    const std::vector<std::byte> noise(bytes - 4096, std::byte{0xa5});
    ASSERT_TRUE((*file)->writeAt(4096, noise).ok());
    EXPECT_EQ(log->hours(0, 1'000'000).error().code, ErrorCode::Corrupt);
    EXPECT_TRUE(files.exists("/base/usage.sqlite3.broken"));
    EXPECT_EQ(all(), before);
    stop();
    start();
    EXPECT_EQ(all(), before) << "the totals go on";
    count(7);
    log->flush();
    EXPECT_EQ(inHours(), 7u);
    stop();
    start();
    EXPECT_EQ(all(), before + 7);
}

TEST_F(UsageLogTest, WritesBySelfAfterATouch) {
    stop();
    usage.publish({});
    log.emplace(UsageLogParts{.file = "/base/usage.sqlite3",
                              .current = [this] { return usage.read(); },
                              .files = &files,
                              .unixMs = [this] { return files.unixMs(); },
                              .writeEvery = std::chrono::milliseconds(1)});
    for (std::uint64_t round = 1; round <= 3; ++round) {
        const std::uint64_t before = files.changes();
        count(round);
        log->touched();
        while (files.changes() == before) log->touched();
    }
    EXPECT_EQ(all(), 3u);
}

// Whatever the disk does, as long as the process lives the totals are right; and once it works again, so is the file.
TEST(UsageLogFaults, NothingIsCountedTwiceOrLost) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        support::FaultyFileSystem files(seed);
        files.setClock(kStartMs);
        ASSERT_TRUE(files.makeFolder("/base").ok());
        files.settle();
        base::Snapshot<std::vector<ModelUsage>> usage;
        const auto open = [&] {
            return std::make_unique<UsageLog>(UsageLogParts{.file = "/base/usage.sqlite3",
                                                            .current = [&] { return usage.read(); },
                                                            .files = &files,
                                                            .unixMs = [&] { return files.unixMs(); },
                                                            .writeEvery = std::chrono::hours(1)});
        };
        auto log = open();
        std::mt19937_64 random(seed);
        std::uint64_t counted = 0;
        files.plan({.tornWrite = 0.05, .failedWrite = 0.05, .noSpace = 0.05, .failedRead = 0.02, .failedSync = 0.1, .failedOpen = 0.02, .failedName = 0.02});
        for (int round = 0; round < 50; ++round) {
            counted += random() % 100;
            usage.publish({{"a", tokens(counted), {}}});
            files.jumpClock(static_cast<std::int64_t>(random() % 1000) * 1000);
            log->flush();
            ASSERT_EQ(log->totals(usage.read()).counters.promptTokens, counted) << "seed " << seed;
        }
        files.plan({});
        log.reset();
        usage.publish({});
        log = open();
        ASSERT_EQ(log->totals({}).counters.promptTokens, counted) << "seed " << seed;
    }
}

}  // namespace
}  // namespace larder::records
