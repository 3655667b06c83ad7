// What a step's rows of logits say: the next token of each sequence, and the logprobs that were asked. The rows are
// shared out to the compute threads; how does not matter, as a result depends on its row and sequence alone. What a
// constraint does not allow counts as -inf when a token is chosen; logprobs and hash are the raw row's.
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
    struct Scratch {
        Sampler sampler;
        std::vector<std::uint64_t> allowed;  // [ceil(vocabulary / 64)] what a constraint allows
        std::vector<float> row;              // [vocabulary] without what it does not
    };
    static Result resultOf(Scratch& scratch, const LogitsUse& use, std::span<const float> row);
    static TokenId sample(Scratch& scratch, const Sequence& sequence, std::span<const float> row);

    base::ThreadPool* m_pool;
    std::vector<Scratch> m_scratch;  // one for each thread
    std::vector<Result> m_results;
};

}  // namespace larder::generate
