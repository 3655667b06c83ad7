#include "engine/kv/snapshot_policy.h"

#include <gtest/gtest.h>

namespace larder::kv {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 40;
using Kind = SnapshotKind;
using Indices = std::vector<std::size_t>;

TEST(SnapshotPolicy, KeepsTheLastTwoTurnsAndTheBranch) {
    const std::vector<SnapshotPoint> points{{1000, Kind::Branch},    {5000, Kind::PromptEnd}, {5100, Kind::ReplyEnd},
                                            {6000, Kind::PromptEnd}, {6100, Kind::ReplyEnd}};
    EXPECT_EQ(snapshotsToDrop(points, 1, kPlenty), Indices{});
}

TEST(SnapshotPolicy, ThinsOlderTurnsToDoublingDistances) {
    std::vector<SnapshotPoint> points;
    for (std::size_t turn = 1; turn <= 100; ++turn) {
        points.push_back({turn * 1000, Kind::PromptEnd});
        points.push_back({turn * 1000 + 100, Kind::ReplyEnd});
    }
    const Indices drop = snapshotsToDrop(points, 1, kPlenty);
    const std::size_t kept = points.size() - drop.size();
    EXPECT_GE(kept, 8u);
    EXPECT_LE(kept, 14u);
    EXPECT_LT(drop.back(), points.size() - 4) << "the last two turns stay";
}

TEST(SnapshotPolicy, OneRollingAndOnlyAtTheEnd) {
    const std::vector<SnapshotPoint> points{{512, Kind::Rolling}, {1024, Kind::Rolling}, {1536, Kind::Rolling}};
    EXPECT_EQ(snapshotsToDrop(points, 1, kPlenty), (Indices{0, 1}));
    const std::vector<SnapshotPoint> done{{512, Kind::Rolling}, {600, Kind::PromptEnd}};
    EXPECT_EQ(snapshotsToDrop(done, 1, kPlenty), Indices{0});
}

TEST(SnapshotPolicy, NeverMoreThanHalfOfTheConversationPlusThree) {
    std::vector<SnapshotPoint> points{{100, Kind::Branch}, {200, Kind::Branch}};
    for (std::size_t turn = 1; turn <= 10; ++turn) points.push_back({turn * 1000, Kind::PromptEnd});
    // A state as large as all KV together: none in the half, three beyond it.
    const Indices drop = snapshotsToDrop(points, 1000, 1000);
    EXPECT_EQ(points.size() - drop.size(), 3u);
    EXPECT_EQ(std::count(drop.begin(), drop.end(), points.size() - 1), 0) << "the newest stays";
    EXPECT_EQ(std::count(drop.begin(), drop.end(), 0u), 0) << "branches are worth more than old turns";
}

}  // namespace
}  // namespace larder::kv
