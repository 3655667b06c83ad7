// What a step's rows of logits say: the next token of each sequence, and the logprobs that were asked. The rows are
// shared out to the compute threads; how does not matter, as a result depends on its row and sequence alone.
// Engine thread only; the pool is lent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/thread_pool.h"
#include "engine/generate/batch_builder.h"
#include "engine/generate/sampler.h"

namespace larder::generate {

class StepSampler {
public:
    struct Result {
        TokenId token = 0;                         // sampled, or for a row of the prompt the one that stands there
        std::optional<PositionLogprobs> logprobs;  // of that token, when asked
        std::uint64_t logitsHash = 0;              // when asked
    };

    // pool may be null: then the engine thread does it all.
    StepSampler(const kernels::Kernels& kernels, base::ThreadPool* pool);

    // logits: [uses, vocabulary]. The result [uses] is valid until the next run(), and may be moved from.
    std::span<Result> run(std::span<const LogitsUse> uses, std::span<const float> logits);

private:
    base::ThreadPool* m_pool;
    std::vector<Sampler> m_samplers;  // one for each thread: their scratch memory
    std::vector<Result> m_results;
};

}  // namespace larder::generate
