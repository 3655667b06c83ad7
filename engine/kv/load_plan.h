// What to read from the disk so that more of a prompt is known: how far it can go, and which parts of which blocks are
// missing in RAM (design §5.1, §5.4, §5.5). Engine thread only; changes nothing and does not touch the disk.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "engine/kv/block_index.h"
#include "engine/kv/block_key.h"
#include "engine/kv/cold_store.h"
#include "engine/types.h"

namespace larder::kv {

struct LoadPlan {
    std::size_t tokens = 0;            // of the prefix that will be known (of a partly equal block: at least one token)
    std::vector<NodeId> path;          // the full blocks that RAM knows already, from the first on

    struct Block {
        std::size_t number = 0;        // in its sequence
        std::vector<std::size_t> groups;  // whose payload is missing in RAM and read at `tokens`
    };
    std::vector<Block> blocks;         // full ones, rising
    std::vector<BlockKey> partly;      // candidates for the block after them, of which only the beginning is wanted
    std::optional<BlockKey> state;     // for a model with a recurrent state: the one after `tokens`
};

// knownTokens: what acquire() finds without it. nullopt: the disk adds nothing.
std::optional<LoadPlan> planLoad(const BlockIndex& index, const ColdStore& cold, const KvShape& shape,
                                 std::span<const TokenId> prefix, std::size_t knownTokens);

}  // namespace larder::kv
