#include "engine/base/log_ring.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/thread.h"
#include "engine/base/utf8.h"

namespace larder::base {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> texts(const std::vector<LogRecord>& records) {
    std::vector<std::string> result;
    for (const LogRecord& record : records) result.push_back(std::to_string(record.number) + record.text);
    return result;
}

TEST(LogRing, KeepsTheLastLinesAndTheirNumbers) {
    LogRing ring(3);
    EXPECT_EQ(ring.lastNumber(), 0u);
    EXPECT_THAT(ring.after(0), IsEmpty());
    for (const char* text : {"a", "b", "c", "d", "e"}) ring.add(LogLevel::Info, 7, text);
    EXPECT_THAT(texts(ring.after(0)), ElementsAre("3c", "4d", "5e"));
    EXPECT_THAT(texts(ring.after(3)), ElementsAre("4d", "5e"));
    EXPECT_THAT(ring.after(5), IsEmpty());
    EXPECT_THAT(ring.after(1000), IsEmpty());
    EXPECT_EQ(ring.lastNumber(), 5u);
    EXPECT_EQ(ring.after(4).front().unixMs, 7);
}

TEST(LogRing, MakesOneShortLineOfUtf8OfEveryMessage) {
    LogRing ring(10);
    ring.add(LogLevel::Error, 0, "two\nlines\n");
    ring.add(LogLevel::Error, 0, "\x1b[31mred\xff");
    std::string longText(10'000, 'x');
    for (std::size_t at = 1; at + 3 < longText.size(); at += 3) longText.replace(at, 3, "\xe2\x82\xac");
    ring.add(LogLevel::Error, 0, longText);
    const auto records = ring.after(0);
    EXPECT_EQ(records[0].text, "two lines");
    EXPECT_EQ(records[1].text, " [31mred\xef\xbf\xbd");
    EXPECT_LT(records[2].text.size(), 4100u);
    for (const LogRecord& record : records) EXPECT_TRUE(isUtf8(record.text));
}

TEST(LogRing, ManyThreadsLoseNothing) {
    LogRing ring(100'000);
    {
        std::vector<Thread> threads;
        for (int thread = 0; thread < 4; ++thread)
            threads.emplace_back("writer", [&ring] {
                for (int line = 0; line < 500; ++line) ring.add(LogLevel::Info, line, "x");
            });
    }
    const auto records = ring.after(0);
    ASSERT_EQ(records.size(), 2000u);
    for (std::size_t index = 0; index < records.size(); ++index) EXPECT_EQ(records[index].number, index + 1);
}

TEST(RecentLog, HasWhatWasLoggedFromTheLevelUp) {
    const std::uint64_t before = recentLog().lastNumber();
    logDebug("unseen");
    logInfo("seen");
    setRecentLogLevel(LogLevel::Debug);
    logDebug("seen too");
    setRecentLogLevel(LogLevel::Info);
    const auto records = recentLog().after(before);
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].text, "seen");
    EXPECT_EQ(records[0].level, LogLevel::Info);
    EXPECT_EQ(records[1].text, "seen too");
    EXPECT_GT(records[1].unixMs, 1'600'000'000'000);
}

}  // namespace
}  // namespace larder::base
