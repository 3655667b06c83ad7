#include "engine/kv/snapshot_policy.h"

#include <algorithm>
#include <bit>
#include <set>

namespace larder::kv {
namespace {

constexpr std::size_t kTurnsKept = 2;
constexpr std::size_t kLeastDistanceTokens = 64;
constexpr std::size_t kSnapshotsBeyondHalf = 3;

// What goes first when there are too many: higher goes later.
enum class Worth { Old, TurnEnd, Branch, Newest };

// 0 for the nearest 64 tokens, then one more for each doubling.
int distanceClass(std::size_t distance) {
    return static_cast<int>(std::bit_width(distance / kLeastDistanceTokens));
}

}  // namespace

std::vector<std::size_t> snapshotsToDrop(std::span<const SnapshotPoint> points, std::size_t stateBytes,
                                         std::size_t conversationBytes) {
    std::vector<std::size_t> drop;
    if (points.empty()) return drop;
    struct Kept {
        std::size_t index = 0;
        Worth worth = Worth::Old;
    };
    std::vector<Kept> kept;  // newest first
    std::size_t promptEnds = 0;
    std::size_t replyEnds = 0;
    std::set<int> classes;
    const std::size_t end = points.back().position;
    for (std::size_t i = points.size(); i-- > 0;) {
        const SnapshotPoint& point = points[i];
        const bool turnEnd = (point.kind == SnapshotKind::PromptEnd && promptEnds++ < kTurnsKept) ||
                             (point.kind == SnapshotKind::ReplyEnd && replyEnds++ < kTurnsKept);
        if (i + 1 == points.size())
            kept.push_back({i, Worth::Newest});
        else if (point.kind == SnapshotKind::Branch)
            kept.push_back({i, Worth::Branch});
        else if (turnEnd)
            kept.push_back({i, Worth::TurnEnd});
        else if (point.kind != SnapshotKind::Rolling && classes.insert(distanceClass(end - point.position)).second)
            kept.push_back({i, Worth::Old});
        else
            drop.push_back(i);
    }
    const std::size_t most = kSnapshotsBeyondHalf + (stateBytes > 0 ? conversationBytes / 2 / stateBytes : 0);
    while (kept.size() > most) {
        // The least worth; of equals the oldest, which stands last.
        const auto first = std::min_element(kept.rbegin(), kept.rend(), [](const Kept& a, const Kept& b) { return a.worth < b.worth; });
        drop.push_back(first->index);
        kept.erase(std::next(first).base());
    }
    std::sort(drop.begin(), drop.end());
    return drop;
}

}  // namespace larder::kv
