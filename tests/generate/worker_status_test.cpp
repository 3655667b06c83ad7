// What the worker counts: for the charts, and against division by nothing.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/generate/worker_house.h"

namespace larder::generate {
namespace {

TEST(WorkerStatus, CountsRowsTimesAndFirstTokens) {
    WorkerHouse house({.contextTokens = 1000}, 64);
    house.run(greedy(scriptedPrompt(100, 1), 20));
    const LaneStatus first = house.status();
    EXPECT_EQ(first.usage.computedPromptTokens, 100u);
    EXPECT_EQ(first.usage.firstTokens, 1u);
    EXPECT_GT(first.usage.prefillSeconds, 0);
    EXPECT_GT(first.usage.decodeSeconds, 0);
    EXPECT_GT(first.lastTtftMs, 0);
    EXPECT_EQ(first.usage.ttftMs, first.lastTtftMs);
    EXPECT_GT(first.lastDecodeMs, first.lastPrefillMs);

    house.run(greedy(scriptedPrompt(30, 2), 1));  // prefill only
    const LaneStatus second = house.status();
    EXPECT_EQ(second.usage.computedPromptTokens, 130u);
    EXPECT_EQ(second.usage.firstTokens, 2u);
    EXPECT_EQ(second.usage.decodeSeconds, first.usage.decodeSeconds);
    EXPECT_GT(second.usage.prefillSeconds, first.usage.prefillSeconds);
    EXPECT_DOUBLE_EQ(second.usage.ttftMs, first.usage.ttftMs + second.lastTtftMs);
    house.expectEmpty();
}

TEST(WorkerStatus, SaysHowFarThePrefillsAre) {
    LaneStatus seen;
    std::atomic<int> steps = 0;
    WorkerHouse* inside = nullptr;
    WorkerHouse house({.contextTokens = 1000, .stepTokens = 10}, 64, [&](const model::Batch&) {
        if (++steps == 3) seen = inside->status();
    });
    inside = &house;
    house.run(greedy(scriptedPrompt(50, 1), 5));
    // In the third step twenty tokens are done; the sequence runs, and is not decoding.
    EXPECT_EQ(seen.running, 1u);
    EXPECT_EQ(seen.prefills.sequences, 1u);
    EXPECT_EQ(seen.prefills.doneTokens, 20u);
    EXPECT_EQ(seen.prefills.totalTokens, 50u);
    EXPECT_EQ(house.status().prefills.sequences, 0u);
    EXPECT_EQ(house.status().prefills.totalTokens, 0u);
}

TEST(WorkerStatus, ShowsARequestInItsFirstStep) {
    LaneStatus seen;
    std::atomic<int> steps = 0;
    WorkerHouse* inside = nullptr;
    WorkerHouse house({.contextTokens = 1000}, 64, [&](const model::Batch&) {
        if (++steps == 1) seen = inside->status();
    });
    inside = &house;
    house.run(greedy(scriptedPrompt(50, 1), 2));
    EXPECT_EQ(seen.running, 1u);
    EXPECT_EQ(seen.prefills.totalTokens, 50u);
}

TEST(WorkerStatus, TellsOfEveryStepAndStaysReadableAfterTheEnd) {
    std::atomic<int> changes = 0;
    WorkerHouse house({.contextTokens = 1000, .changed = [&] { ++changes; }}, 64);
    house.run(greedy(scriptedPrompt(10, 1), 20));
    EXPECT_GE(changes, 20);
    const auto watch = house.watch();
    house.worker().stop();
    EXPECT_EQ(house.status().usage.generatedTokens, 20u);
    house.shutDown();
    EXPECT_EQ(watch->read().usage.generatedTokens, 20u);
}

}  // namespace
}  // namespace larder::generate
