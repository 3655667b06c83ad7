#include "engine/generate/step_sampler.h"

#include <algorithm>

#include "engine/base/hash.h"

namespace larder::generate {

namespace {

StepSampler::Result resultOf(Sampler& sampler, const LogitsUse& use, std::span<const float> row) {
    const Sequence& sequence = *use.sequence;
    const GenerationRequest& request = sequence.request;
    StepSampler::Result result;
    if (use.forPrompt) {
        result.token = sequence.tokens[use.position + 1];
        result.logprobs = sampler.logprobs(row, result.token, std::max(0, request.topLogprobs));
        return result;
    }
    const std::size_t position = sequence.tokens.size();
    result.token = sampler.sample(row, request.sampling, sequence.tokens, sequence.promptTokens, position);
    if (request.topLogprobs >= 0) result.logprobs = sampler.logprobs(row, result.token, request.topLogprobs);
    if (request.logitsHash) result.logitsHash = base::hash64(std::as_bytes(row));
    return result;
}

}  // namespace

StepSampler::StepSampler(const kernels::Kernels& kernels, base::ThreadPool* pool)
    : m_pool(pool), m_samplers(pool != nullptr ? pool->threads() : 1, Sampler(kernels)) {}

std::span<StepSampler::Result> StepSampler::run(std::span<const LogitsUse> uses, std::span<const float> logits) {
    m_results.resize(uses.size());
    if (uses.empty()) return m_results;
    const std::size_t vocabulary = logits.size() / uses.size();
    const auto one = [&](std::size_t i, std::size_t thread) {
        m_results[i] = resultOf(m_samplers[thread], uses[i], logits.subspan(i * vocabulary, vocabulary));
    };
    if (m_pool != nullptr) {
        m_pool->run(uses.size(), one);
    } else {
        for (std::size_t i = 0; i < uses.size(); ++i) one(i, 0);
    }
    return m_results;
}

}  // namespace larder::generate
