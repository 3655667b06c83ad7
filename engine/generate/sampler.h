// From a row of logits to the next token. Deterministic: the draw depends on (seed, position) and the row only.
// Engine thread only; keeps scratch memory of one vocabulary.
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

    // Log-softmax of the raw row: the chosen token's, and the `top` likeliest, ties by lowest id.
    PositionLogprobs logprobs(std::span<const float> logits, TokenId chosen, int top);

private:
    const kernels::Kernels& m_kernels;
    std::vector<float> m_scores;                 // [vocabulary]
    std::vector<float> m_weights;                // [vocabulary]
    std::vector<TokenId> m_order;
};

// Uniform in [0, 1) with 24 bits, a hash of (seed, position): the counter-based generator of design §6.
float uniformDraw(std::uint64_t seed, std::uint64_t position);

}  // namespace larder::generate
