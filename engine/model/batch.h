// One engine step as flat arrays: the tokens of all sequences one after another, never padded. A decoding sequence is
// one row, a prefill chunk many.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/types.h"

namespace larder::model {

// Consecutive rows that continue one sequence. blocks: its block table (base addresses), covering positions
// [0, firstPosition + rows); positions below firstPosition are filled, the rest this step fills.
struct BatchSequence {
    int firstRow = 0;
    int rows = 0;
    int firstPosition = 0;
    std::span<std::byte* const> blocks;
};

struct Batch {
    std::vector<TokenId> tokens;             // [rows]
    std::vector<BatchSequence> sequences;    // cover the rows in order
    std::vector<int> logitRows;              // rows whose logits are wanted, ascending
};

}  // namespace larder::model
