#include <gmock/gmock.h>

#include <cstdint>

#include "engine/models.h"

namespace larder {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kGb = 1'000'000'000;

Machine machineWith(std::uint64_t bytes) {
    Machine machine;
    machine.memoryBytes = bytes;
    return machine;
}

TEST(Fit, GoesByTheShareOfTheMemory) {
    // 8 GB of weights, 100 KB a token for 10,000 tokens, and what the program itself takes.
    const auto fit = [](std::uint64_t machineBytes) { return estimateFit(8 * kGb, 100'000, 10'000, machineWith(machineBytes)); };
    EXPECT_EQ(fit(16 * kGb).verdict, Fit::Good);
    EXPECT_EQ(fit(15 * kGb).verdict, Fit::Tight);
    EXPECT_EQ(fit(11 * kGb).verdict, Fit::Tight);
    EXPECT_EQ(fit(9 * kGb).verdict, Fit::TooBig);
    EXPECT_EQ(fit(1).verdict, Fit::TooBig);
    EXPECT_EQ(fit(16 * kGb).machineBytes, 16 * kGb);
    EXPECT_GE(fit(16 * kGb).neededBytes, 9 * kGb);
    EXPECT_LT(fit(16 * kGb).neededBytes, 10 * kGb);
}

TEST(Fit, SaysBothNumbers) {
    const ModelFit fit = estimateFit(5 * kGb, 10'000, 10'000, machineWith(16 * kGb));
    EXPECT_EQ(fit.sentence, "runs well: needs 5.2 GB of this machine's 16 GB");
    EXPECT_EQ(estimateFit(50 * kGb, 0, 0, machineWith(16 * kGb)).sentence, "too big: needs 55 GB, this machine has 16 GB");
    EXPECT_THAT(estimateFit(12 * kGb, 10'000, 10'000, machineWith(16 * kGb)).sentence, HasSubstr("needs 12 GB of this machine's 16 GB"));
}

TEST(Fit, AWindowThatDoesNotFitIsCutNotRefused) {
    // The whole window takes 14.7 GB: more than there is. 32,768 tokens of it fit well.
    const ModelFit fit = estimateFit(2 * kGb, 112'000, 131'072, machineWith(16 * kGb));
    EXPECT_EQ(fit.verdict, Fit::Tight);
    EXPECT_GT(fit.neededBytes, 16 * kGb);
    EXPECT_THAT(fit.sentence, HasSubstr("shorter window"));
    EXPECT_EQ(estimateFit(2 * kGb, 112'000, 131'072, machineWith(6 * kGb)).verdict, Fit::TooBig);
}

TEST(Fit, AnUnknownCacheCountsATenthOfTheWeights) {
    const ModelFit known = estimateFit(10 * kGb, 100, 10'000'000, machineWith(32 * kGb));
    EXPECT_EQ(estimateFit(10 * kGb, 0, 10'000'000, machineWith(32 * kGb)).neededBytes, known.neededBytes);
    EXPECT_EQ(estimateFit(10 * kGb, 100, 0, machineWith(32 * kGb)).neededBytes, known.neededBytes);
}

TEST(Fit, UnknownIsSaid) {
    EXPECT_EQ(estimateFit(0, 0, 0, machineWith(kGb)).verdict, Fit::Unknown);
    EXPECT_FALSE(estimateFit(0, 0, 0, machineWith(kGb)).sentence.empty());
    EXPECT_EQ(estimateFit(kGb, 0, 0, machineWith(0)).verdict, Fit::Unknown);
    EXPECT_THAT(estimateFit(kGb, 0, 0, machineWith(0)).sentence, HasSubstr("1.2 GB"));
}

TEST(Fit, SurvivesNonsense) {
    const ModelFit fit = estimateFit(UINT64_MAX, UINT64_MAX, SIZE_MAX, machineWith(16 * kGb));
    EXPECT_EQ(fit.verdict, Fit::TooBig);
    EXPECT_EQ(fit.neededBytes, UINT64_MAX);
    EXPECT_THAT(fit.sentence, HasSubstr("18 EB"));
}

TEST(Fit, OfAModelTakesItsFigures) {
    ModelInfo model;
    model.fileBytes = 8 * kGb;
    model.kvBytesPerToken = 100'000;
    model.contextTokens = 10'000;
    EXPECT_EQ(estimateFit(model, machineWith(16 * kGb)).neededBytes, estimateFit(8 * kGb, 100'000, 10'000, machineWith(16 * kGb)).neededBytes);
}

TEST(ReadableBytes, HasThreeDigitsAtMost) {
    const std::pair<std::uint64_t, const char*> cases[] = {
        {0, "0 bytes"}, {1, "1 byte"}, {999, "999 bytes"}, {1000, "1.0 KB"}, {1500, "1.5 KB"}, {9949, "9.9 KB"}, {9950, "10 KB"},
        {98'300'000, "98 MB"}, {999'499, "999 KB"}, {999'500, "1.0 MB"}, {4'120'000'000, "4.1 GB"}, {16'000'000'000, "16 GB"},
        {999'600'000'000, "1.0 TB"}, {UINT64_MAX, "18 EB"},
    };
    for (const auto& [bytes, words] : cases) EXPECT_EQ(readableBytes(bytes), words) << bytes;
}

}  // namespace
}  // namespace larder
