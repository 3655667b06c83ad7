#include "engine/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "engine/base/thread.h"

namespace larder::base {
namespace {

class ThreadPoolOf : public testing::TestWithParam<std::size_t> {};

TEST_P(ThreadPoolOf, RunsEveryTaskExactlyOnce) {
    ThreadPool pool(GetParam());
    for (const std::size_t tasks : {0u, 1u, 2u, 3u, 7u, 64u, 1000u}) {
        std::vector<std::atomic<int>> runs(tasks);
        pool.run(tasks, [&](std::size_t task) { ++runs[task]; });
        for (std::size_t task = 0; task < tasks; ++task) EXPECT_EQ(runs[task], 1) << task << " of " << tasks;
    }
}

// Plain memory: what the caller wrote is seen by the tasks, what they wrote is seen after run().
TEST_P(ThreadPoolOf, PassesMemoryInAndOutThroughManyStages) {
    constexpr std::size_t kStages = 3000;
    constexpr std::size_t kWidth = 16;
    ThreadPool pool(GetParam());
    std::vector<std::uint64_t> values(kWidth, 1);
    std::vector<std::uint64_t> next(kWidth);
    for (std::size_t stage = 0; stage < kStages; ++stage) {
        pool.run(kWidth, [&](std::size_t i) { next[i] = values[i] + values[(i + 1) % kWidth] % 7 + stage; });
        values.swap(next);
    }
    std::vector<std::uint64_t> expected(kWidth, 1);
    for (std::size_t stage = 0; stage < kStages; ++stage) {
        for (std::size_t i = 0; i < kWidth; ++i) next[i] = expected[i] + expected[(i + 1) % kWidth] % 7 + stage;
        expected.swap(next);
    }
    EXPECT_EQ(values, expected);
}

// What a task writes into its thread's own memory is not touched by another thread meanwhile.
TEST_P(ThreadPoolOf, TellsTasksTheirThread) {
    ThreadPool pool(GetParam());
    std::vector<std::uint64_t> own(pool.threads(), 0);
    constexpr std::size_t kTasks = 5000;
    pool.run(kTasks, [&](std::size_t, std::size_t thread) {
        ASSERT_LT(thread, own.size());
        ++own[thread];
    });
    std::uint64_t all = 0;
    for (const std::uint64_t count : own) all += count;
    EXPECT_EQ(all, kTasks);
}

INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolOf, testing::Values(0, 1, 2, 3, 8));

TEST(ThreadPool, CountsTheCaller) {
    EXPECT_EQ(ThreadPool(0).threads(), 1u);
    EXPECT_EQ(ThreadPool(1).threads(), 1u);
    EXPECT_EQ(ThreadPool(3).threads(), 3u);
}

// Workers fall asleep after a moment: the next call must wake them, and ending must as well.
TEST(ThreadPool, WakesSleepingWorkers) {
    ThreadPool pool(4);
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> runs{0};
        pool.run(100, [&](std::size_t) { ++runs; });
        EXPECT_EQ(runs, 100);
        // Longer than the workers spin. Whether they sleep by then does not decide the result.
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
        while (std::chrono::steady_clock::now() < end) {}
    }
}

TEST(ThreadPool, StartsAndEndsWithoutWork) {
    for (int round = 0; round < 200; ++round) ThreadPool pool(3);
}

TEST(ThreadPool, SeveralPoolsDoNotMeet) {
    std::vector<Thread> owners;
    std::atomic<std::size_t> sum{0};
    for (int owner = 0; owner < 3; ++owner) {
        owners.emplace_back("owner", [&] {
            ThreadPool pool(2);
            for (int round = 0; round < 500; ++round) pool.run(4, [&](std::size_t task) { sum += task; });
        });
    }
    owners.clear();
    EXPECT_EQ(sum, 3u * 500u * 6u);
}

TEST(Machine, HasACore) {
    EXPECT_GE(physicalCores(), 1u);
    EXPECT_GT(processId(), 0);
}

}  // namespace
}  // namespace larder::base
