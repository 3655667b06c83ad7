#include "engine/generate/step_sampler.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "engine/base/hash.h"

namespace larder::generate {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::size_t kWordTokens = 64;

bool isAllowed(std::span<const std::uint64_t> allowed, std::size_t token) {
    return (allowed[token / kWordTokens] >> (token % kWordTokens) & 1) != 0;
}

// The row with -inf for what is not allowed.
void maskRow(std::span<const float> row, std::span<const std::uint64_t> allowed, std::vector<float>& masked) {
    masked.assign(row.size(), -kInfinity);
    for (std::size_t word = 0; word < allowed.size(); ++word) {
        const std::size_t first = word * kWordTokens;
        for (std::uint64_t left = allowed[word]; left != 0; left &= left - 1) {
            const std::size_t token = first + static_cast<std::size_t>(std::countr_zero(left));
            if (token < row.size()) masked[token] = row[token];
        }
    }
}

TokenId firstAllowed(std::span<const std::uint64_t> allowed) {
    for (std::size_t word = 0; word < allowed.size(); ++word)
        if (allowed[word] != 0) return static_cast<TokenId>(word * kWordTokens + static_cast<std::size_t>(std::countr_zero(allowed[word])));
    return 0;
}

}  // namespace

TokenId StepSampler::sample(Scratch& scratch, const Sequence& sequence, std::span<const float> row) {
    const SamplingParams& params = sequence.request.sampling;
    const std::size_t position = sequence.tokens.size();
    Constraint* constraint = sequence.request.constraint.get();
    if (constraint == nullptr || !constraint->active())
        return scratch.sampler.sample(row, params, sequence.tokens, sequence.promptTokens, position);
    scratch.allowed.resize((row.size() + kWordTokens - 1) / kWordTokens);
    constraint->allowed(scratch.allowed);
    maskRow(row, scratch.allowed, scratch.row);
    const TokenId token = scratch.sampler.sample(scratch.row, params, sequence.tokens, sequence.promptTokens, position);
    // Where no allowed score is finite (a broken model) all are equal to the sampler.
    return isAllowed(scratch.allowed, static_cast<std::size_t>(token)) ? token : firstAllowed(scratch.allowed);
}

StepSampler::Result StepSampler::resultOf(Scratch& scratch, const LogitsUse& use, std::span<const float> row) {
    const Sequence& sequence = *use.sequence;
    const GenerationRequest& request = sequence.request;
    Result result;
    if (use.forPrompt) {
        result.token = sequence.tokens[use.position + 1];
        result.logprobs = scratch.sampler.logprobs(row, result.token, std::max(0, request.topLogprobs));
        return result;
    }
    result.token = sample(scratch, sequence, row);
    if (request.topLogprobs >= 0) result.logprobs = scratch.sampler.logprobs(row, result.token, request.topLogprobs);
    if (request.logitsHash) result.logitsHash = base::hash64(std::as_bytes(row));
    return result;
}

StepSampler::StepSampler(const kernels::Kernels& kernels, base::ThreadPool* pool)
    : m_pool(pool), m_scratch(pool != nullptr ? pool->threads() : 1, Scratch{.sampler = Sampler(kernels), .allowed = {}, .row = {}}) {}

std::span<StepSampler::Result> StepSampler::run(std::span<const LogitsUse> uses, std::span<const float> logits) {
    m_results.resize(uses.size());
    if (uses.empty()) return m_results;
    const std::size_t vocabulary = logits.size() / uses.size();
    const auto one = [&](std::size_t i, std::size_t thread) {
        m_results[i] = resultOf(m_scratch[thread], uses[i], logits.subspan(i * vocabulary, vocabulary));
    };
    if (m_pool != nullptr) {
        m_pool->run(uses.size(), one);
    } else {
        for (std::size_t i = 0; i < uses.size(); ++i) one(i, 0);
    }
    return m_results;
}

}  // namespace larder::generate
