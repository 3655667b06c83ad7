#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "engine/hub.h"

namespace larder {
namespace {

Machine machineWith(double gigabytes) {
    Machine machine;
    machine.cores = 4;
    machine.memoryBytes = static_cast<std::uint64_t>(gigabytes * 1e9);
    machine.availableMemoryBytes = machine.memoryBytes / 2;
    return machine;
}

RecommendedModel suggestedOf(const std::vector<RecommendedModel>& models) {
    const auto found =
        std::find_if(models.begin(), models.end(), [](const RecommendedModel& model) { return model.suggested; });
    return found == models.end() ? RecommendedModel{} : *found;
}

TEST(RecommendedModels, ExactlyOneIsSuggestedForEveryMemory) {
    std::uint64_t before = 0;
    for (double gigabytes : {0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0, 128.0, 512.0}) {
        const auto models = recommendedModels(machineWith(gigabytes));
        ASSERT_GE(models.size(), 2u);
        EXPECT_EQ(std::count_if(models.begin(), models.end(), [](const auto& model) { return model.suggested; }), 1)
            << gigabytes;
        const RecommendedModel suggested = suggestedOf(models);
        EXPECT_GE(suggested.bytes, before) << "more memory never means a smaller model: " << gigabytes;
        before = suggested.bytes;
        EXPECT_LT(static_cast<double>(suggested.bytes), std::max(gigabytes, 0.5) * 1e9) << suggested.title;
        EXPECT_EQ(models.back().remark, "chat only: 8k window") << "the starter is last";
    }
    EXPECT_GT(before, 2'000'000'000u) << "a large machine gets more than a toy";
    EXPECT_GT(suggestedOf(recommendedModels(machineWith(8))).contextTokens, 8192u)
        << "8 GB are enough for an agent's window";
}

TEST(RecommendedModels, AreNamedSoThatTheyCanBeDownloaded) {
    std::set<std::string> seen;
    for (const RecommendedModel& model : recommendedModels(machineWith(16))) {
        const auto reference = parseModelReference(model.reference);
        ASSERT_TRUE(reference.ok()) << model.reference;
        EXPECT_FALSE(reference->quantisation.empty()) << model.reference;
        EXPECT_TRUE(seen.insert(model.reference).second) << model.reference;
        EXPECT_FALSE(model.title.empty());
        EXPECT_GT(model.bytes, 50'000'000u);
        EXPECT_GT(model.contextTokens, 0u);
    }
}

TEST(RecommendedModels, WhatFitsComesFirst) {
    const auto models = recommendedModels(machineWith(4));
    EXPECT_LT(models.front().bytes, 4'000'000'000u);
}

}  // namespace
}  // namespace larder
