// Which snapshots of a recurrent state a conversation keeps (design §5.4). A pure function; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace larder::kv {

enum class SnapshotKind {
    Rolling,    // the latest one while a prompt is computed
    Branch,     // where later requests are likely to branch off: after system prompt and tools
    PromptEnd,
    ReplyEnd,
};

struct SnapshotPoint {
    std::size_t position = 0;  // tokens before it
    SnapshotKind kind = SnapshotKind::Rolling;
};

// points: of one conversation, by rising position; the last one is the newest. Kept are the branches, the prompt and reply
// ends of the last two turns and the newest rolling one if it is the last; of what is older the newest in each doubling
// distance from the end (64, 128, ... tokens). All together at most half of the conversation's KV plus three: what is
// too much goes oldest distance class first, then reply and prompt ends from the oldest on, then branches; never the
// newest. Result: indices of those to drop, rising.
std::vector<std::size_t> snapshotsToDrop(std::span<const SnapshotPoint> points, std::size_t stateBytes,
                                         std::size_t conversationBytes);

}  // namespace larder::kv
