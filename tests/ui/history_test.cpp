#include "ui/history.h"

#include <gtest/gtest.h>

namespace larder::ui {
namespace {

constexpr std::int64_t kStartMs = 1'767'225'600'000;

class HistoryTest : public testing::Test {
protected:
    HistoryTest() {
        now.server = ServerState::Running;
        now.runningSinceUnixMs = kStartMs - 60'000;
    }
    void addAt(double second) { history.add(now, kStartMs + static_cast<std::int64_t>(second * 1000)); }
    const Sample& newest() const { return history.at(history.size() - 1); }

    ServiceSnapshot now;
    History history;
};

TEST_F(HistoryTest, TheFirstSampleHasNoRatesWhateverWasDoneBefore) {
    now.engine.total.computedPromptTokens = 90'000;
    now.engine.total.generatedTokens = 5'000;
    now.engine.total.prefillSeconds = 100;
    now.engine.total.decodeSeconds = 100;
    now.processMemoryBytes = 4096;
    addAt(0);
    ASSERT_EQ(history.size(), 1u);
    EXPECT_EQ(newest().second, kStartMs / 1000);
    EXPECT_EQ(newest().prefillTokensPerSecond, 0);
    EXPECT_EQ(newest().decodeTokensPerSecond, 0);
    EXPECT_EQ(newest().memoryBytes, 4096);
}

TEST_F(HistoryTest, RatesAreTokensPerBusySecondBetweenTwoSamples) {
    now.engine.total.computedPromptTokens = 1'000;
    now.engine.total.prefillSeconds = 10;
    addAt(0);
    now.engine.total.computedPromptTokens += 300;
    now.engine.total.prefillSeconds += 0.25;
    now.engine.total.generatedTokens += 12;
    now.engine.total.firstTokens += 2;
    now.engine.total.decodeSeconds += 0.5;
    now.engine.total.ttftMs += 500;
    addAt(1);
    EXPECT_DOUBLE_EQ(newest().prefillTokensPerSecond, 1'200);
    EXPECT_DOUBLE_EQ(newest().decodeTokensPerSecond, 20) << "first tokens are no decode steps";
    EXPECT_DOUBLE_EQ(newest().ttftMs, 250);
    addAt(2);
    EXPECT_EQ(newest().prefillTokensPerSecond, 0);
    EXPECT_EQ(newest().decodeTokensPerSecond, 0);
    EXPECT_EQ(newest().ttftMs, 0);
}

TEST_F(HistoryTest, OnlyFirstTokensAreNoDecoding) {
    addAt(0);
    now.engine.total.generatedTokens = 3;
    now.engine.total.firstTokens = 3;
    addAt(1);
    EXPECT_EQ(newest().decodeTokensPerSecond, 0);
    now.engine.total.firstTokens = 9;  // more first tokens than tokens: a torn look must not wrap around
    addAt(2);
    EXPECT_EQ(newest().decodeTokensPerSecond, 0);
}

TEST_F(HistoryTest, WithoutBusyTimeTheClockIsUsed) {
    addAt(0);
    now.engine.total.computedPromptTokens = 100;
    addAt(2);
    EXPECT_DOUBLE_EQ(newest().prefillTokensPerSecond, 50);
}

TEST_F(HistoryTest, CacheEfficiencyIsOfTheWholeRunAndNeverAboveAHundred) {
    addAt(0);
    EXPECT_EQ(newest().cacheEfficiencyPercent, 0);
    now.engine.total.promptTokens = 400;
    now.engine.total.cachedTokens = 100;
    addAt(1);
    EXPECT_DOUBLE_EQ(newest().cacheEfficiencyPercent, 25);
    now.engine.total.cachedTokens = 500;
    addAt(2);
    EXPECT_DOUBLE_EQ(newest().cacheEfficiencyPercent, 100);
}

TEST_F(HistoryTest, ASecondSnapshotInTheSameSecondIsLeftForTheNext) {
    addAt(0);
    now.engine.total.computedPromptTokens = 100;
    now.engine.total.prefillSeconds = 0.5;
    addAt(0.9);
    EXPECT_EQ(history.size(), 1u);
    addAt(1);
    EXPECT_DOUBLE_EQ(newest().prefillTokensPerSecond, 200) << "nothing is lost";
}

TEST_F(HistoryTest, AServerThatStartedAnewMakesNoSpikeAndNoNegativeRate) {
    now.engine.total.computedPromptTokens = 1'000'000;
    now.engine.total.generatedTokens = 50'000;
    now.engine.total.prefillSeconds = 900;
    now.engine.total.decodeSeconds = 900;
    now.engine.total.firstTokens = 40;
    now.engine.total.ttftMs = 40'000;
    addAt(0);
    now.runningSinceUnixMs = kStartMs + 500;
    now.engine = EngineStatus{};
    addAt(1);
    EXPECT_EQ(newest().prefillTokensPerSecond, 0);
    EXPECT_EQ(newest().decodeTokensPerSecond, 0);
    EXPECT_EQ(newest().ttftMs, 0);
    now.engine.total.computedPromptTokens = 50;
    now.engine.total.prefillSeconds = 0.5;
    addAt(2);
    EXPECT_DOUBLE_EQ(newest().prefillTokensPerSecond, 100);
}

TEST_F(HistoryTest, CountersThatFellAreANewStartEvenWithoutANewTime) {
    now.engine.total.generatedTokens = 50'000;
    now.engine.total.decodeSeconds = 900;
    addAt(0);
    now.engine.total.generatedTokens = 10;
    now.engine.total.decodeSeconds = 1;
    addAt(1);
    EXPECT_DOUBLE_EQ(newest().decodeTokensPerSecond, 10);
}

TEST_F(HistoryTest, AServerBusierThanBeforeItsRestartMakesNoSpikeEither) {
    now.engine.total.generatedTokens = 100;
    now.engine.total.decodeSeconds = 10;
    addAt(0);
    now.runningSinceUnixMs += 30'000;
    now.engine.total.generatedTokens = 200;  // all of the new run: 200 in 20 s
    now.engine.total.decodeSeconds = 20;
    addAt(1);
    EXPECT_DOUBLE_EQ(newest().decodeTokensPerSecond, 10);
}

TEST_F(HistoryTest, AGapIsFlatAtZeroFromBothEnds) {
    addAt(0);
    now.engine.total.computedPromptTokens = 100;
    now.engine.total.prefillSeconds = 1;
    addAt(1);
    ASSERT_DOUBLE_EQ(newest().prefillTokensPerSecond, 100);
    now.processMemoryBytes = 7;
    now.engine.total.computedPromptTokens = 200;
    now.engine.total.prefillSeconds = 2;
    addAt(100);
    ASSERT_EQ(history.size(), 5u);
    EXPECT_EQ(history.at(2).second, kStartMs / 1000 + 2);
    EXPECT_EQ(history.at(2).prefillTokensPerSecond, 0);
    EXPECT_EQ(history.at(3).second, kStartMs / 1000 + 99);
    EXPECT_EQ(history.at(3).prefillTokensPerSecond, 0);
    EXPECT_EQ(history.at(3).memoryBytes, 0) << "as it was";
    EXPECT_EQ(history.at(4).second, kStartMs / 1000 + 100);
    EXPECT_DOUBLE_EQ(history.at(4).prefillTokensPerSecond, 100);
}

TEST_F(HistoryTest, ATimerThatCameLateIsNoGapAndSecondsAlwaysRise) {
    for (const double second : {0.0, 2.0, 3.0, 6.0, 8.0, 11.5, 12.0}) addAt(second);
    EXPECT_EQ(history.at(1).second, kStartMs / 1000 + 2) << "one second late";
    for (std::size_t i = 1; i < history.size(); ++i) EXPECT_GT(history.at(i).second, history.at(i - 1).second);
}

TEST_F(HistoryTest, TheRingKeepsTheNewestAndItsMemory) {
    addAt(0);
    const std::size_t bytes = history.memoryBytes();
    for (std::size_t second = 1; second < 3 * History::kSeconds + 17; ++second) {
        addAt(static_cast<double>(second));
        ASSERT_LE(history.size(), History::kSeconds);
        ASSERT_EQ(history.memoryBytes(), bytes);
    }
    ASSERT_EQ(history.size(), History::kSeconds);
    const auto last = static_cast<std::int64_t>(kStartMs / 1000 + 3 * History::kSeconds + 16);
    for (std::size_t i = 0; i < History::kSeconds; ++i)
        ASSERT_EQ(history.at(i).second, last - static_cast<std::int64_t>(History::kSeconds - 1 - i));
}

TEST_F(HistoryTest, AClockSetBackBeginsAnewWithoutRates) {
    for (std::size_t second = 0; second < History::kSeconds + 5; ++second) addAt(static_cast<double>(second));
    now.engine.total.computedPromptTokens = 100;
    addAt(10);
    ASSERT_EQ(history.size(), 1u) << "the old samples would lie in the future";
    EXPECT_EQ(newest().prefillTokensPerSecond, 0);
    now.engine.total.computedPromptTokens = 150;
    now.engine.total.prefillSeconds = 0.5;
    addAt(11);
    ASSERT_EQ(history.size(), 2u);
    EXPECT_DOUBLE_EQ(newest().prefillTokensPerSecond, 100);
    EXPECT_EQ(history.at(0).second, kStartMs / 1000 + 10);
}

}  // namespace
}  // namespace larder::ui
