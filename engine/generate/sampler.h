// From a row of logits to the next token. Deterministic: the draw depends on (seed, position) and the row only, on
// every instruction set: own exp2 through the kernels, and probabilities as integers (mass: in units of 2^-30 of the
// likeliest token's, what is less is never drawn), whose sums know no order. Engine thread only; keeps scratch memory
// of one vocabulary.
//
// Order: logit_bias (added), repetition penalty (positive scores divided, others multiplied, tokens of prompt and
// answer), frequency and presence penalty (subtracted, tokens of the answer), temperature, top_k, top_p (of what top_k
// left, the token that crosses included), min_p (relative to the likeliest). Of equal scores the lower id comes first.
// NaN counts as -inf. When no finite score is left, the lowest id of the best there are is chosen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/generation.h"
#include "engine/kernels/kernels.h"

namespace larder::generate {

class Sampler {
public:
    explicit Sampler(const kernels::Kernels& kernels) : m_kernels(kernels) {}

    // history: prompt and answer so far; promptTokens of them are the prompt. position: of the token being chosen.
    TokenId sample(std::span<const float> logits, const SamplingParams& params, std::span<const TokenId> history,
                   std::size_t promptTokens, std::uint64_t position);

    // Log-softmax of the raw row: the chosen token's, and the `top` likeliest, ties by lowest id. Where the row is NaN
    // or -inf (a broken model) it is -inf.
    PositionLogprobs logprobs(std::span<const float> logits, TokenId chosen, int top);

private:
    struct Candidate {
        float score = 0;
        TokenId token = 0;
        std::uint32_t mass = 0;
    };
    struct Bucket {  // of tokens with nearly the same score
        std::uint64_t mass = 0;
        std::size_t tokens = 0;
    };
    static bool before(const Candidate& a, const Candidate& b);

    float loadScores(std::span<const float> logits);  // returns the best
    void applyPenalties(const SamplingParams& params, std::span<const TokenId> history, std::size_t promptTokens);
    void weigh(float best, float scale);
    void addSpans();
    TokenId draw(float u) const;
    Candidate lastKept(std::size_t topK, double topP);
    void dropAfter(const Candidate& last, float best, float minP);
    void fillBuckets(float best, float scale);
    void rankBucket(std::size_t bucket);
    void keepTopK(std::size_t count);
    void keepTopP(std::uint64_t needed);

    const kernels::Kernels& m_kernels;
    std::vector<float> m_scores;            // [vocabulary]
    std::vector<float> m_weights;           // [vocabulary] 2^((score - best) * scale), in [0, 1]
    std::vector<std::uint32_t> m_masses;    // [vocabulary] of m_weights
    std::vector<std::uint64_t> m_spans;     // mass of each run of tokens
    std::vector<std::uint32_t> m_counts;    // [vocabulary] all zero between calls
    std::vector<Bucket> m_buckets;          // falling scores
    std::vector<std::uint16_t> m_bucketOf;  // [vocabulary]
    std::vector<Candidate> m_ranked;        // of one bucket
};

// Uniform in [0, 1) with 24 bits, a hash of (seed, position): the counter-based generator of design §6.
float uniformDraw(std::uint64_t seed, std::uint64_t position);

}  // namespace larder::generate
