// Turns a plan into the flat arrays of one forward pass, and remembers which logits row belongs to whom.
// Engine thread only; its memory is reused from step to step.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/generate/scheduler.h"
#include "engine/model/batch.h"

namespace larder::generate {

// One row of the logits the step computes: the distribution after position `position` of the sequence.
struct LogitsUse {
    Sequence* sequence = nullptr;
    std::size_t position = 0;
    bool forPrompt = false;  // it describes the prompt token at position + 1; else the next token is sampled from it
};

class BatchBuilder {
public:
    // Valid until the next build(). REQUIRES leases that cover the chunks.
    const model::Batch& build(std::span<const Chunk> chunks);

    std::span<const LogitsUse> logitsUses() const { return m_uses; }  // [logitRows], in their order

private:
    model::Batch m_batch;
    std::vector<LogitsUse> m_uses;
};

}  // namespace larder::generate
