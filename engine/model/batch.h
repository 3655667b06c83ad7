// One engine step as flat arrays: the tokens of all sequences one after another, never padded. A decoding sequence is
// one row, a prefill chunk many.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/types.h"

namespace larder::model {

// Consecutive rows that continue one sequence. Positions below firstPosition are filled, the rest this step fills.
struct BatchSequence {
    int firstRow = 0;
    int rows = 0;
    int firstPosition = 0;
    std::span<std::byte* const> blocks;      // block table of layer group 0: base addresses that cover all positions
    std::span<const std::span<std::byte* const>> windows = {};  // block tables of the further groups; null before the window
    std::byte* state = nullptr;              // the recurrent state after firstPosition tokens; moved on by all rows
};

struct Batch {
    std::vector<TokenId> tokens;             // [rows]
    std::vector<BatchSequence> sequences;    // cover the rows in order
    std::vector<int> logitRows;              // rows whose logits are wanted, ascending
};

}  // namespace larder::model
