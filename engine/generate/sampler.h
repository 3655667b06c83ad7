// From a row of logits to the next token. Deterministic: the draw depends on (seed, position) and the row only, on
// every instruction set: own exp2 through the kernels, and probabilities as integers (mass: in units of 2^-30 of the
// likeliest token's, what is less is never drawn), whose sums know no order. One thread at a time; keeps scratch memory
// of one vocabulary.
//
// Order: logit_bias (added), repetition penalty (positive scores divided, others multiplied, tokens of prompt and
// answer), frequency and presence penalty (subtracted, tokens of the answer), temperature, top_k, top_p (of what top_k
// left, the token that crosses included), min_p (relative to the likeliest). Of equal scores the lower id comes first.
// NaN counts as -inf. When no finite score is left, the lowest id of the best there are is chosen.
//
// A row is read once for the largest score of each block of tokens (kernels/vocabulary.h). What the filters may keep is
// then known to lie above some score: only those tokens, the candidates, are looked at further.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/generate/candidates.h"
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
    struct Row {
        std::span<const float> scores;  // [vocabulary] finite, -inf or NaN; their block maxima are m_maxima
        float best = 0;                 // of them, finite
        float scale = 0;                // halvings of the mass for each unit of score below the best

        float scoreBelow(float halvings) const;
        kernels::MassScale massAbove(float floor) const;
        kernels::VocabularyRow view(const std::vector<float>& maxima) const;
    };
    float findBest(std::span<const float> scores);
    TokenId firstBest(const Row& row) const;
    void makeFinite(Row& row);
    void change(Row& row, const SamplingParams& params, std::span<const TokenId> history, std::size_t promptTokens);
    void applyPenalties(const SamplingParams& params, std::span<const TokenId> history, std::size_t promptTokens);

    float groupMaximum(std::size_t rank);
    TokenId drawFromRow(const Row& row, float u);
    std::uint64_t massOfRow(const Row& row);
    std::uint64_t gatherFor(const Row& row, const SamplingParams& params);
    float logOfSum(Row& row);

    const kernels::Kernels& m_kernels;
    std::vector<float> m_scores;          // [vocabulary] where the row itself will not do
    std::vector<std::uint32_t> m_counts;  // [vocabulary] all zero between calls
    std::vector<float> m_maxima;          // [blocks] of the scores
    std::vector<float> m_groups;          // [groups] largest of some blocks each
    std::vector<std::uint64_t> m_blocks;  // [blocks] mass of each
    std::vector<float> m_weights;         // [vocabulary] for logprobs
    Candidates m_candidates;
};

// Uniform in [0, 1) with 24 bits, a hash of (seed, position): the counter-based generator of design §6.
float uniformDraw(std::uint64_t seed, std::uint64_t position);

}  // namespace larder::generate
