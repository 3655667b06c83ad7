// Need against free, with numbers.
#include "engine/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace larder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t GB = 1'000'000'000;
constexpr std::size_t MB = 1'000'000;

WeightsHeld held(const std::string& name, std::size_t bytes, std::int64_t lastUsed) {
    return {.name = name, .weightBytes = bytes, .lastUsed = lastUsed};
}
WeightsHeld busy(WeightsHeld model) {
    model.busy = true;
    return model;
}
WeightsHeld pinned(WeightsHeld model) {
    model.pinned = true;
    return model;
}

// 5 GB and 500 MB of KV, and the 67 MB that every model takes.
const MemoryNeed kNeed{.model = "big", .weightBytes = 5 * GB, .kvBytes = 500 * MB};

TEST(PlanRoom, NothingLeavesWhereThereIsRoom) {
    const RoomPlan plan = planRoom(kNeed, {.availableBytes = 6 * GB}, {held("a", GB, 1)});
    EXPECT_FALSE(plan.refusal);
    EXPECT_THAT(plan.leave, IsEmpty());
}

TEST(PlanRoom, TheLeastRecentlyUsedIdleOnesLeave) {
    const std::vector<WeightsHeld> loaded = {held("new", 2 * GB, 30), held("old", 2 * GB, 10), held("middle", 2 * GB, 20)};
    EXPECT_THAT(planRoom(kNeed, {.availableBytes = 4 * GB}, loaded).leave, ElementsAre("old"));
    EXPECT_THAT(planRoom(kNeed, {.availableBytes = 2 * GB}, loaded).leave, ElementsAre("old", "middle"));
    EXPECT_THAT(planRoom(kNeed, {.availableBytes = 5 * GB + 567 * MB}, loaded).leave, ElementsAre("old")) << "the working memory counts";
    EXPECT_THAT(planRoom(kNeed, {.availableBytes = 5 * GB + 568 * MB}, loaded).leave, IsEmpty());
}

TEST(PlanRoom, ASmallOneStaysWhenALaterOneIsEnough) {
    EXPECT_THAT(planRoom(kNeed, {.availableBytes = GB}, {held("small", GB / 10, 1), held("large", 8 * GB, 2)}).leave,
                ElementsAre("large"));
}

TEST(PlanRoom, BusyOnesOnlyWhereIdleOnesAreNotEnough) {
    const std::vector<WeightsHeld> loaded = {busy(held("busy", 3 * GB, 1)), held("idle", 3 * GB, 2)};
    EXPECT_THAT(planRoom(kNeed, {.availableBytes = 3 * GB}, loaded).leave, ElementsAre("idle"));
    EXPECT_THAT(planRoom(kNeed, {.availableBytes = GB}, loaded).leave, ElementsAre("idle", "busy"));
}

TEST(PlanRoom, AsksTheSameBusyOneAgain) {
    WeightsHeld asked = busy(held("asked", 6 * GB, 9));
    asked.promised = true;
    EXPECT_THAT(planRoom(kNeed, {.availableBytes = 0}, {busy(held("other", 6 * GB, 1)), asked}).leave, ElementsAre("asked"));
}

TEST(PlanRoom, TheLimitCountsWeightsOnly) {
    const MemoryFree free{.availableBytes = 100 * GB, .weightLimitBytes = 8 * GB};
    EXPECT_THAT(planRoom(kNeed, free, {held("a", 3 * GB, 1)}).leave, IsEmpty());
    EXPECT_THAT(planRoom(kNeed, free, {held("a", 3 * GB, 1), held("b", 1, 2)}).leave, ElementsAre("a"));
}

TEST(PlanRoom, PinnedOnesStayAndTheRefusalHasTheNumbers) {
    const RoomPlan plan =
        planRoom(kNeed, {.availableBytes = 2 * GB}, {pinned(held("mine", 4 * GB, 1)), pinned(held("yours", GB, 2)), held("idle", 3 * GB, 3)});
    ASSERT_TRUE(plan.refusal);
    EXPECT_THAT(plan.leave, IsEmpty()) << "nobody leaves in vain";
    EXPECT_EQ(plan.refusal->code, ErrorCode::OutOfMemory);
    EXPECT_EQ(plan.refusal->message,
              "big needs 5.6 GB of memory (5.0 GB for its weights, 567 MB for its KV cache and computing), but 2.0 GB are free, 3.0 GB "
              "more without the other models, and 5.0 GB are held by pinned models; close other programs, choose a smaller model or "
              "quantisation, or unpin mine and yours");
}

TEST(PlanRoom, ARefusalWithoutOthersNamesWhatHelps) {
    EXPECT_EQ(planRoom(kNeed, {.availableBytes = 2 * GB}, {}).refusal->message,
              "big needs 5.6 GB of memory (5.0 GB for its weights, 567 MB for its KV cache and computing), but 2.0 GB are free, no other "
              "model can be unloaded, and no model is pinned; close other programs, choose a smaller model or quantisation");
    EXPECT_EQ(planRoom(kNeed, {.availableBytes = 99 * GB, .weightLimitBytes = 4 * GB}, {}).refusal->message,
              "big needs 5.0 GB for its weights, but the weights of all models may take 4.0 GB (--model-memory) and no model is pinned; "
              "raise that limit, choose a smaller model or quantisation");
    EXPECT_THAT(planRoom(kNeed, {.availableBytes = 99 * GB, .weightLimitBytes = 6 * GB}, {pinned(held("mine", 2 * GB, 1))}).refusal->message,
                HasSubstr("2.0 GB are held by pinned models; raise that limit, choose a smaller model or quantisation, or unpin mine"));
}

TEST(HotLimit, FollowsTheRule) {
    HotTierFigures figures{.totalBytes = 32 * GB, .availableBytes = 20 * GB, .contextBytes = 2 * GB};
    EXPECT_EQ(hotLimitBytes(figures), 8 * GB) << "a quarter of the RAM";
    figures.contextBytes = 9 * GB;
    EXPECT_EQ(hotLimitBytes(figures), 9 * GB) << "one full window";
    figures.contextBytes = 30 * GB;
    EXPECT_EQ(hotLimitBytes(figures), 10 * GB) << "half of what is free";
    figures.kvBytes = 6 * GB;
    figures.availableBytes = 14 * GB;
    EXPECT_EQ(hotLimitBytes(figures), 10 * GB) << "what the tier holds already is its own";
    figures.settingBytes = 1;
    EXPECT_EQ(hotLimitBytes(figures), 1u);
}

TEST(ColdLimit, IsTheSettingOrTheRule) {
    EXPECT_EQ(coldLimitBytes(0, 500 * GB, 0), 0u) << "off";
    EXPECT_EQ(coldLimitBytes(3 * GB, 1 * GB, 0), 3 * GB);
    EXPECT_EQ(coldLimitBytes({}, 500 * GB, 0), 20 * GB);
    EXPECT_EQ(coldLimitBytes({}, 50 * GB, 0), 5 * GB);
    EXPECT_EQ(coldLimitBytes({}, 45 * GB, 5 * GB), 5 * GB) << "what the cache took is not missing";
    EXPECT_EQ(coldLimitBytes({}, 0, 0), 0u);
    EXPECT_EQ(coldLimitBytes({}, ~std::uint64_t{0}, ~std::uint64_t{0}), 20 * GB);
}

}  // namespace
}  // namespace larder
