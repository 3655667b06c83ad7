// Counters as whole numbers: nothing is lost on the way to a row and back.
#include "engine/records/usage_figures.h"

#include <gtest/gtest.h>

namespace larder::records {
namespace {

UsageCounters someCounters() {
    return {.requests = 1, .promptTokens = 2, .cachedTokens = 3, .loadedTokens = 4, .computedPromptTokens = 5, .generatedTokens = 6,
            .prefillSeconds = 7.000001, .decodeSeconds = 8.25, .firstTokens = 9, .ttftMs = 10.125};
}

TEST(UsageFigures, EveryCounterHasItsColumn) {
    const UsageFigures figures = figuresOf(someCounters());
    EXPECT_EQ(figures, (UsageFigures{1, 2, 3, 4, 5, 6, 7'000'001, 8'250'000, 9, 10'125}));
    EXPECT_EQ(countersOf(figures), someCounters());
}

TEST(UsageFigures, SumsOfDifferencesAreTheWhole) {
    // Thirds of a second: sums of doubles would drift.
    UsageFigures sum{}, before{};
    UsageCounters counters;
    for (int i = 0; i < 1000; ++i) {
        counters.prefillSeconds += 1.0 / 3;
        const UsageFigures now = figuresOf(counters);
        sum = plus(sum, minus(now, before));
        before = now;
    }
    EXPECT_EQ(sum, figuresOf(counters));
}

}  // namespace
}  // namespace larder::records
