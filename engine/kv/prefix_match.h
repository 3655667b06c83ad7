// How much of a prompt is known, token by token (design §5.3): the longest prefix whose KV is all there and, for a model
// with a recurrent state, that ends where a snapshot of it was kept. Engine thread only; changes nothing.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/kv/block_index.h"
#include "engine/types.h"

namespace larder::kv {

struct PrefixMatch {
    std::size_t tokens = 0;         // of the prefix that need not be computed
    std::size_t known = 0;          // of the prefix that are known; more than tokens where a window or a state is missing
    std::vector<NodeId> path;       // [tokens / 64] the full blocks of them
    NodeId partial = kNoNode;       // holds the last tokens % 64 of them, perhaps followed by others
    BlockId state = kNoBlock;       // the state after `tokens`, for a model that has one and tokens > 0
};

PrefixMatch matchPrefix(const BlockIndex& index, const KvShape& shape, std::span<const TokenId> prefix);

// First block of a group whose payload is read at position `tokens`: 0 where the group reads everything.
std::size_t firstBlockRead(const KvGroup& group, std::size_t tokens);

}  // namespace larder::kv
