#include "engine/hub/part_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "engine/hub/byte_ranges.h"

namespace larder::hub {
namespace {

TEST(ByteRanges, JoinWhatTouches) {
    ByteRanges ranges;
    ranges.add({10, 20});
    ranges.add({30, 40});
    ranges.add({5, 5});
    EXPECT_EQ(ranges.list(), (std::vector<ByteRange>{{10, 20}, {30, 40}}));
    EXPECT_EQ(ranges.prefixEnd(), 0u);
    ranges.add({20, 30});
    EXPECT_EQ(ranges.list(), (std::vector<ByteRange>{{10, 40}}));
    ranges.add({0, 12});
    EXPECT_EQ(ranges.prefixEnd(), 40u);
    EXPECT_EQ(ranges.missing({0, 50}), (std::vector<ByteRange>{{40, 50}}));
    EXPECT_EQ(ranges.bytes(), 40u);
}

TEST(ByteRanges, AgreeWithASetOfBytes) {
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
        std::vector<bool> bytes(200);
        ByteRanges ranges;
        for (int i = 0; i < 30; ++i) {
            const std::uint64_t first = random() % 200;
            const std::uint64_t last = std::min<std::uint64_t>(200, first + random() % 30);
            ranges.add({first, last});
            for (std::uint64_t at = first; at < last; ++at) bytes[at] = true;
        }
        std::vector<bool> found(200);
        std::uint64_t before = 0;
        for (const ByteRange& range : ranges.list()) {
            EXPECT_LT(range.first, range.last);
            EXPECT_TRUE(before == 0 || range.first > before);
            before = range.last;
            for (std::uint64_t at = range.first; at < range.last; ++at) found[at] = true;
        }
        ASSERT_EQ(found, bytes);
        for (const ByteRange& gap : ranges.missing({20, 180}))
            for (std::uint64_t at = gap.first; at < gap.last; ++at) {
                ASSERT_TRUE(at >= 20 && at < 180 && !found[at]);
                found[at] = true;
            }
        ASSERT_TRUE(std::all_of(found.begin() + 20, found.begin() + 180, [](bool there) { return there; }));
    }
}

TEST(PartPlan, HandsOutTheLowestFirst) {
    PartPlan plan({{100, 200}, {0, 25}}, {50, 10});
    const auto first = plan.take();
    const auto second = plan.take();
    const auto third = plan.take();
    ASSERT_TRUE(first && second && third);
    EXPECT_EQ(plan.rest(*first), (ByteRange{0, 25}));
    EXPECT_EQ(plan.rest(*second), (ByteRange{100, 150}));
    EXPECT_EQ(plan.rest(*third), (ByteRange{150, 200}));
}

TEST(PartPlan, SharesTheLargestRestAtTheEnd) {
    PartPlan plan({{0, 100}}, {1000, 20});
    const auto slow = plan.take();
    ASSERT_TRUE(slow);
    EXPECT_FALSE(plan.arrived(*slow, 10));
    const auto helper = plan.take();
    ASSERT_TRUE(helper);
    EXPECT_EQ(plan.rest(*slow), (ByteRange{10, 55}));
    EXPECT_EQ(plan.rest(*helper), (ByteRange{55, 100}));
    EXPECT_TRUE(plan.take());
    EXPECT_TRUE(plan.take());
    EXPECT_FALSE(plan.take()) << "what is left is not worth a connection";
}

TEST(PartPlan, NothingMissingIsComplete) {
    EXPECT_TRUE(PartPlan({}, {10, 1}).complete());
    EXPECT_FALSE(PartPlan({{3, 4}}, {10, 1}).complete());
}

// Whatever connections do, every missing byte arrives exactly once and no other.
TEST(PartPlan, CoversEveryMissingByteOnce) {
    std::mt19937 random(11);
    for (int round = 0; round < 400; ++round) {
        const std::uint64_t size = 1 + random() % 500;
        ByteRanges present;
        for (int i = 0; i < 4; ++i) {
            const std::uint64_t first = random() % size;
            present.add({first, std::min(size, first + random() % 60)});
        }
        std::vector<int> arrivals(size);
        PartPlan plan(present.missing({0, size}), {1 + random() % 80, 1 + random() % 10});
        std::vector<PartPlan::Id> taken;
        for (int step = 0; !plan.complete(); ++step) {
            ASSERT_LT(step, 100'000);
            const auto action = random() % 8;
            if (taken.size() < 5 && action < 3) {
                if (const auto id = plan.take()) taken.push_back(*id);
                continue;
            }
            if (taken.empty()) continue;
            const std::size_t which = random() % taken.size();
            const PartPlan::Id id = taken[which];
            const ByteRange rest = plan.rest(id);
            ASSERT_LT(rest.first, rest.last);
            if (action == 3) {
                plan.giveBack(id);
                taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(which));
                continue;
            }
            const std::uint64_t bytes = random() % (rest.bytes() + 1);
            for (std::uint64_t at = rest.first; at < rest.first + bytes; ++at) ++arrivals[at];
            if (plan.arrived(id, bytes)) taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(which));
        }
        EXPECT_TRUE(taken.empty());
        for (const ByteRange& range : present.list())
            for (std::uint64_t at = range.first; at < range.last; ++at) ++arrivals[at];
        ASSERT_TRUE(std::all_of(arrivals.begin(), arrivals.end(), [](int count) { return count == 1; })) << round;
    }
}

}  // namespace
}  // namespace larder::hub
