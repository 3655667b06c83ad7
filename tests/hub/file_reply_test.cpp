#include "engine/hub/file_reply.h"

#include <gtest/gtest.h>

#include "engine/hub/retry_pause.h"
#include "engine/hub/speed_meter.h"

namespace larder::hub {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(FileReply, ReadsContentRange) {
    const auto range = parseContentRange("bytes 0-99/1000");
    ASSERT_TRUE(range);
    EXPECT_EQ(range->range, (ByteRange{0, 100}));
    EXPECT_EQ(range->total, 1000u);
    EXPECT_FALSE(parseContentRange("bytes 5-9/*")->total);
    for (const char* odd : {"", "bytes", "bytes 5-4/10", "bytes 0-9", "bytes 0-9/5", "bytes -9/10", "bytes 0-/10", "bytes */10",
                            "lines 0-9/10", "bytes 0-18446744073709551615/*", "bytes 1-99999999999999999999/*", "bytes 0 - 9/10"})
        EXPECT_FALSE(parseContentRange(odd)) << odd;
}

FileReplyKind kindOf(const FileReplyHeaders& headers) { return judgeFileReply(headers, {10, 20}, 100).kind; }

TEST(FileReply, TakesOnlyWhatWasAskedFor) {
    EXPECT_EQ(kindOf({206, "bytes 10-19/100", "", "", ""}), FileReplyKind::Range);
    EXPECT_EQ(kindOf({206, "bytes 10-14/*", "", "", ""}), FileReplyKind::Range);
    EXPECT_EQ(kindOf({206, "bytes 10-20/100", "", "", ""}), FileReplyKind::WrongRange);
    EXPECT_EQ(kindOf({206, "bytes 9-19/100", "", "", ""}), FileReplyKind::WrongRange);
    EXPECT_EQ(kindOf({206, "", "", "", ""}), FileReplyKind::WrongRange);
    EXPECT_EQ(kindOf({206, "bytes 10-19/101", "", "", ""}), FileReplyKind::WrongSize);
    EXPECT_EQ(kindOf({206, "bytes 10-19/100", "", "gzip", ""}), FileReplyKind::Unusable);
    EXPECT_EQ(kindOf({200, "", "100", "", ""}), FileReplyKind::Whole);
    EXPECT_EQ(kindOf({200, "", "100", "identity", "text/html"}), FileReplyKind::Whole);
    EXPECT_EQ(kindOf({200, "", "", "", ""}), FileReplyKind::Whole);
    EXPECT_EQ(kindOf({200, "", "99", "", ""}), FileReplyKind::WrongSize);
    EXPECT_EQ(kindOf({200, "", "99", "", "text/html; charset=utf-8"}), FileReplyKind::WebPage);
    EXPECT_EQ(kindOf({204, "", "0", "", ""}), FileReplyKind::Unusable);
}

TEST(FileReply, EtagsAndPaths) {
    EXPECT_EQ(plainEtag("\"abc\""), "abc");
    EXPECT_EQ(plainEtag("W/\"abc\""), "abc");
    EXPECT_EQ(plainEtag("abc"), "abc");
    EXPECT_EQ(plainEtag(std::string(5000, 'x')).size(), 200u);
    EXPECT_EQ(percentEncodePath("a b/c#d?e%f\xc3\xa4.gguf"), "a%20b/c%23d%3Fe%25f%C3%A4.gguf");
}

TEST(RetryPause, DoublesAndGivesUp) {
    RetryPause pause({milliseconds(1000), milliseconds(8000), milliseconds(60'000), 5});
    RetryPause::Clock::time_point now{};
    std::vector<long> pauses;
    while (pause.failed(now, std::nullopt, 0.5)) {
        pauses.push_back(pause.left(now).count());
        now += pause.left(now);
        EXPECT_TRUE(pause.over(now));
    }
    EXPECT_EQ(pauses, (std::vector<long>{1000, 2000, 4000, 8000, 8000}));
}

TEST(RetryPause, CountsOnceWhilePausedAndForgetsWithProgress) {
    RetryPause pause({milliseconds(1000), milliseconds(8000), milliseconds(60'000), 2});
    RetryPause::Clock::time_point now{};
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(pause.failed(now, std::nullopt, 0));
    EXPECT_EQ(pause.failures(), 1u);
    pause.progressed();
    EXPECT_EQ(pause.failures(), 0u);
}

TEST(RetryPause, WaitsAsLongAsTheServerAsksButNotForEver) {
    RetryPause pause({milliseconds(1000), milliseconds(8000), milliseconds(60'000), 5});
    RetryPause::Clock::time_point now{};
    EXPECT_TRUE(pause.failed(now, 30.0, 0));
    EXPECT_EQ(pause.left(now), milliseconds(30'000));
    EXPECT_TRUE(pause.failed(now, 999'999.0, 1));
    EXPECT_EQ(pause.left(now), milliseconds(60'000));
}

TEST(SpeedMeter, LooksAtTheLastSeconds) {
    SpeedMeter meter;
    SpeedMeter::Clock::time_point now{};
    EXPECT_EQ(meter.bytesPerSecond(), 0);
    EXPECT_FALSE(meter.secondsLeft(100));
    std::uint64_t total = 0;
    for (int i = 0; i < 200; ++i, now += milliseconds(100)) meter.add(now, total += 100);  // 1000 a second
    EXPECT_NEAR(meter.bytesPerSecond(), 1000, 20);
    EXPECT_NEAR(*meter.secondsLeft(5000), 5, 0.2);
    for (int i = 0; i < 60; ++i, now += milliseconds(100)) meter.add(now, total);
    EXPECT_EQ(meter.bytesPerSecond(), 0);
    EXPECT_FALSE(meter.secondsLeft(5000));
}

}  // namespace
}  // namespace larder::hub
