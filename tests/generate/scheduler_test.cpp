#include "engine/generate/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

#include "tests/generate/scheduler_house.h"

namespace larder::generate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Scheduler, AnswersComeFirstAndPrefillFillsTheRest) {
    SchedulerHouse house(100, {.windowTokens = 2000, .stepTokens = 100});
    house.submit(10);
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 10}));
    house.submit(250);
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 1}, Rows{2, 99}));
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 1}, Rows{2, 99}));
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 1}, Rows{2, 52}));
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 1}, Rows{2, 1}));
}

TEST(Scheduler, PrefillsShareEvenlyAndTheShortOneLeavesItsRest) {
    SchedulerHouse house(1000, {.windowTokens = 5000, .stepTokens = 120});
    house.submit(2000);
    house.submit(10);
    house.submit(2000);
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 55}, Rows{2, 10}, Rows{3, 55}));
}

TEST(Scheduler, AStreamOfShortPromptsDoesNotStarveALongOne) {
    SchedulerHouse house(1000, {.maxRunning = 4, .windowTokens = 20000, .stepTokens = 120});
    const std::uint64_t longOne = house.submit(3000, 1);
    int steps = 0;
    for (; !testing::Matches(testing::Contains(longOne))(house.finished()); ++steps) {
        ASSERT_LT(steps, 110);  // 30 of 120 rows at least
        while (house.scheduler.running() + house.scheduler.waiting() < 6) house.submit(119, 1);
        house.step();
    }
}

TEST(Scheduler, EverythingThatRunsAdvancesHoweverSmallTheBudget) {
    SchedulerHouse house(1000, {.maxRunning = 5, .windowTokens = 5000, .stepTokens = 1});
    for (int i = 0; i < 5; ++i) house.submit(3);
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 1}, Rows{2, 1}, Rows{3, 1}, Rows{4, 1}, Rows{5, 1}));
}

TEST(Scheduler, ChunksAndPromptLogitsAreBounded) {
    SchedulerHouse house(1000, {.windowTokens = 5000, .stepTokens = 500, .maxChunkTokens = 100, .promptLogitRows = 60});
    house.submit(400);
    house.submit(400, 0, true);
    house.submit(400, 0, true);
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 100}, Rows{2, 60}, Rows{3, 1}));
}

TEST(Scheduler, AdmissionReservesTheAnswersBeginningButNeverMoreThanItCanUse) {
    SchedulerHouse house(10, {.windowTokens = 600, .stepTokens = 500});
    house.submit(64);  // 64 + 256: 5 blocks
    house.step();
    EXPECT_EQ(house.freeBlocks(), 5u);
    house.submit(64, 65);  // 128 positions: 2 blocks
    house.step();
    EXPECT_EQ(house.freeBlocks(), 3u);
    house.submit(64);  // needs 5: waits, and keeps its place
    house.submit(10, 1);
    house.step();
    EXPECT_EQ(house.scheduler.waiting(), 2u);
    EXPECT_EQ(house.freeBlocks(), 3u);
}

TEST(Scheduler, ThePoolsSizeBoundsTheReserve) {
    SchedulerHouse house(3, {.windowTokens = 600, .stepTokens = 500});
    house.submit(100);
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 100}));
}

TEST(Scheduler, TheNewestIsPreemptedAndComesBackFirst) {
    SchedulerHouse house(12, {.windowTokens = 450, .stepTokens = 500});
    for (int i = 0; i < 3; ++i) house.submit(100);  // 356 positions: 6 blocks each; two fit
    std::size_t before = 0;
    while (house.scheduler.running() != 1) {
        before = house.scheduler.running();
        house.step();
    }
    EXPECT_EQ(before, 2u);
    EXPECT_THAT(house.finished(), IsEmpty());
    EXPECT_EQ(house.scheduler.waiting(), 2u);
    while (house.finished().empty()) EXPECT_THAT(house.step(), ElementsAre(testing::Pair(1, testing::_)));
    EXPECT_THAT(house.step(), ElementsAre(Rows{2, 129}));  // what was evicted of prompt and answer so far, before the third
    while (house.finished().size() < 3) house.step();
    EXPECT_THAT(house.finished(), ElementsAre(1, 2, 3));
    EXPECT_THAT(house.outgrown(), IsEmpty());
    EXPECT_EQ(house.freeBlocks(), 12u);
}

TEST(Scheduler, OneAloneThatCannotGrowIsOutgrown) {
    SchedulerHouse house(2, {.windowTokens = 450, .stepTokens = 500});
    house.submit(100);
    house.submit(20);
    for (int i = 0; i < 29; ++i) house.step();
    EXPECT_THAT(house.outgrown(), IsEmpty());
    EXPECT_THAT(house.step(), IsEmpty());
    EXPECT_THAT(house.outgrown(), ElementsAre(1));
    EXPECT_THAT(house.step(), ElementsAre(Rows{2, 20}));
}

TEST(Scheduler, RefusesAPromptLargerThanThePool) {
    SchedulerHouse house(2, {.windowTokens = 450, .stepTokens = 500});
    Submit message;
    message.request.prompt.assign(129, 7);
    message.sink = [](const GenerationEvent&) {};
    auto sequence = std::make_unique<Sequence>(std::move(message));
    const auto result = house.scheduler.submit(sequence);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::ContextExceeded);
    EXPECT_NE(sequence, nullptr);
    EXPECT_EQ(house.scheduler.waiting(), 0u);
}

TEST(Scheduler, TakeReleasesWhereverTheSequenceIs) {
    SchedulerHouse house(100, {.maxRunning = 2, .windowTokens = 450, .stepTokens = 500});
    for (int i = 0; i < 4; ++i) house.submit(100);
    house.step();
    EXPECT_NE(house.scheduler.take(SequenceId{1}), nullptr);
    EXPECT_NE(house.scheduler.take(SequenceId{4}), nullptr);
    EXPECT_EQ(house.scheduler.take(SequenceId{4}), nullptr);
    EXPECT_EQ(house.scheduler.take(SequenceId{99}), nullptr);
    EXPECT_THAT(house.step(), ElementsAre(Rows{2, 1}, Rows{3, 100}));
    EXPECT_EQ(SchedulerHouse::idOf(*house.scheduler.takeOldest()), 2u);
    EXPECT_EQ(SchedulerHouse::idOf(*house.scheduler.takeOldest()), 3u);
    EXPECT_EQ(house.scheduler.takeOldest(), nullptr);
    EXPECT_EQ(house.freeBlocks(), 100u);
}

// Random arrivals, cancels and a pool that is far too small: everything ends, the oldest always advances, rows stay
// within the budget, and every invariant holds after every step (SchedulerHouse::step checks them).
TEST(Scheduler, EverythingEndsUnderPressure) {
    std::mt19937 random(5);
    for (int round = 0; round < 20; ++round) {
        const SchedulerLimits limits{.maxRunning = 1 + random() % 6,
                                     .windowTokens = 300 + random() % 500,
                                     .stepTokens = 1 + random() % 300,
                                     .maxChunkTokens = random() % 2 * (1 + random() % 100)};
        SchedulerHouse house(5 + random() % 20, limits);
        std::map<std::uint64_t, bool> alive;
        std::size_t submitted = 0;
        std::size_t settled = 0;
        for (int steps = 0; submitted < 60 || settled + house.finished().size() + house.outgrown().size() < 60;
             ++steps) {
            ASSERT_LT(steps, 60 * 1200);
            if (submitted < 60 && random() % 8 == 0) {
                alive[house.submit(1 + random() % 300, random() % 400)] = true;
                ++submitted;
            }
            if (random() % 100 == 0 && submitted > 0 && house.scheduler.take(SequenceId{1 + random() % submitted}))
                ++settled;
            const bool any = house.scheduler.running() + house.scheduler.waiting() > 0;
            const std::size_t ended = house.outgrown().size();
            const auto rows = house.step();
            ASSERT_TRUE(!any || !rows.empty() || house.outgrown().size() > ended);
            std::size_t total = 0;
            for (std::size_t i = 0; i < rows.size(); ++i) {
                total += rows[i].second;
                ASSERT_TRUE(i == 0 || rows[i].first > rows[i - 1].first);
            }
            ASSERT_LE(total, limits.stepTokens + limits.maxRunning);
        }
        EXPECT_EQ(house.scheduler.running() + house.scheduler.waiting(), 0u);
        EXPECT_EQ(house.scheduler.checkIntegrity(), "");
    }
}

}  // namespace
}  // namespace larder::generate
