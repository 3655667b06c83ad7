// Who comes first, and how time is shared between prompts and answers. The clock is a number here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "engine/generate/prefill_pacer.h"
#include "engine/generate/scheduler.h"
#include "tests/generate/scheduler_house.h"

namespace larder::generate {
namespace {

using testing::ElementsAre;

TEST(Priority, InteractiveOnesAreAdmittedFirst) {
    SchedulerHouse house(1000, {.maxRunning = 2, .windowTokens = 5000, .stepTokens = 500});
    house.submit(50, Priority::Background);
    house.submit(50, Priority::Background);
    house.submit(50, Priority::Interactive);
    EXPECT_THAT(house.step(), ElementsAre(Rows{3, 50}, Rows{1, 50}));
}

TEST(Priority, AnInteractiveOneTakesABackgroundOnesPlaceAndNothingIsLost) {
    SchedulerHouse house(1000, {.maxRunning = 2, .windowTokens = 5000, .stepTokens = 500});
    house.submit(50, Priority::Background);
    house.submit(300, Priority::Background);
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 50}, Rows{2, 300}));
    const auto interactive = house.submit(50, Priority::Interactive);
    EXPECT_THAT(house.step(), ElementsAre(Rows{interactive, 50}, Rows{1, 1}));
    EXPECT_EQ(house.scheduler.preemptions(), 1u);
    EXPECT_NE(house.scheduler.take(SequenceId{interactive}), nullptr);
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 1}, Rows{2, 1})) << "the second goes on where it was";
}

TEST(Priority, BackgroundOnesAge) {
    SchedulerHouse house(1000, {.maxRunning = 1, .windowTokens = 5000, .stepTokens = 500});
    house.submit(50, Priority::Interactive, 0);
    house.step(0);
    house.submit(50, Priority::Background, 0);
    house.submit(50, Priority::Interactive, 10);
    (void)house.scheduler.take(SequenceId{1});
    EXPECT_THAT(house.step(31'000), ElementsAre(Rows{2, 50})) << "it has waited half a minute, and came first";
}

TEST(Priority, ABackgroundPromptThatIsFollowedHurries) {
    SchedulerHouse house(1000, {.maxRunning = 3, .windowTokens = 50000, .stepTokens = 100});
    house.submit(2000, Priority::Background);
    house.submit(2000, Priority::Interactive);
    Submit same;
    same.id = SequenceId{50};
    same.request.prompt.assign(2000, 7);
    same.request.prompt.front() = 1001;  // as the first
    same.sink = [](const GenerationEvent&) {};
    EXPECT_THAT(house.step(), ElementsAre(Rows{2, 80}, Rows{1, 20})) << "a quarter of the weight";
    auto sequence = std::make_unique<Sequence>(std::move(same));
    ASSERT_TRUE(house.scheduler.submit(sequence).ok());
    house.step();
    EXPECT_EQ(house.scheduler.following(), 1u);
    EXPECT_THAT(house.step(), ElementsAre(Rows{1, 50}, Rows{2, 50}));
}

// A machine on which a row costs 0.1 ms and 1/10,000 ms more for each position before it, and a decode step 4 ms.
double machineMs(std::size_t rows, std::size_t first, bool decoding) {
    const double n = static_cast<double>(rows);
    return (decoding ? 4 : 0) + 0.1 * n + 1e-4 * (n * static_cast<double>(first) + n * (n - 1) / 2);
}

TEST(PrefillPacer, LearnsWhatRowsCostAtAnyDepth) {
    PrefillPacer pacer(60, 0.62);
    std::size_t position = 0;
    for (int step = 0; step < 200; ++step) {
        const std::size_t rows = std::max<std::size_t>(1, pacer.rowsWithin(pacer.budgetMs(false), position));
        const double ms = machineMs(rows, position, false);
        if (step > 5) {
            EXPECT_LT(ms, 75) << "step " << step << " at " << position;
            EXPECT_GT(ms, 45) << "step " << step << " at " << position;
        }
        pacer.note({.prefillRows = rows, .prefillPositions = positionsOf(rows, position)}, ms);
        position += rows;
    }
    EXPECT_GT(position, 10'000u);
    // A new prompt beside it, from the start: the cost of depth was told apart from that of rows.
    EXPECT_NEAR(pacer.costMs(100, 0), machineMs(100, 0, false), 3);
}

TEST(PrefillPacer, DecodingKeepsItsShareOfTheTime) {
    PrefillPacer pacer(90, 0.62);
    double decodeSteps = 0;
    double promptMs = 0;
    double total = 0;
    std::size_t position = 0;
    while (total < 60'000) {
        const double budget = pacer.budgetMs(true);
        std::size_t rows = 0;
        if (budget > 0) rows = std::max<std::size_t>(1, pacer.rowsWithin(budget, position));
        const double ms = machineMs(rows, position, true);
        EXPECT_LT(ms, 90);
        pacer.note({.decodeRows = 1, .prefillRows = rows, .prefillPositions = positionsOf(rows, position)}, ms);
        total += ms;
        promptMs += ms - 4;
        ++decodeSteps;
        position = (position + rows) % 20'000;
    }
    EXPECT_NEAR(decodeSteps * 4 / total, 0.62, 0.02);
    EXPECT_NEAR(promptMs / total, 0.38, 0.02);
}

TEST(PrefillPacer, TheFirstPromptBesideAnAnswerStartsAtOnce) {
    PrefillPacer pacer(60, 0.62);
    for (int i = 0; i < 100; ++i) pacer.note({.decodeRows = 1}, 4);
    EXPECT_GT(pacer.budgetMs(true), 0);
}

}  // namespace
}  // namespace larder::generate
