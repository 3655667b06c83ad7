#include "engine/generate/sampler.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "engine/kernels/math.h"

namespace larder::generate {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kMassUnits = 1073741824.0f;  // 2^30
constexpr float kMassHalvings = 31;          // so far below the best no mass is left
constexpr float kFirstHalvings = 10;         // where top_p nearly always has what it needs
constexpr int kLanes = 16;
constexpr std::size_t kBlock = kernels::kVocabularyBlock;

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the result depends on every bit of x.
std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

// In lanes, so that the compiler can use vectors. -inf if there is none.
float largest(std::span<const float> values) {
    std::array<float, kLanes> best;
    best.fill(-kInfinity);
    std::size_t i = 0;
    for (; i + kLanes <= values.size(); i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            best[lane] = values[i + lane] > best[lane] ? values[i + lane] : best[lane];
    }
    for (; i < values.size(); ++i) best[0] = values[i] > best[0] ? values[i] : best[0];
    return *std::max_element(best.begin(), best.end());
}

float finite(float score) {
    const float capped = score > kLargest ? kLargest : score;
    return capped >= -kLargest ? capped : -kInfinity;
}

bool penalises(const SamplingParams& params) {
    return params.repetitionPenalty != 1 || params.frequencyPenalty != 0 || params.presencePenalty != 0;
}

// Whether top_k leaves anything out.
bool limits(const SamplingParams& params, std::size_t vocabulary) {
    return params.topK > 0 && static_cast<std::size_t>(params.topK) < vocabulary;
}

// floor(total * u) for u = n / 2^24, exactly.
std::uint64_t scaled(std::uint64_t total, float u) {
    const auto n = static_cast<std::uint64_t>(u * 16777216.0f);
    return (total >> 24) * n + (((total & 0xffffff) * n) >> 24);
}

// What top_p has to reach.
std::uint64_t neededMass(float topP, std::uint64_t total) {
    return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(topP * static_cast<double>(total))));
}

// How far below the best the tokens of a vocabulary have, together, less than what top_p leaves out.
float topPHalvings(float topP, std::uint64_t total, std::size_t vocabulary) {
    const double rest = (1 - static_cast<double>(topP)) * static_cast<double>(total) / kMassUnits;
    return kernels::log2Scalar(static_cast<float>(static_cast<double>(vocabulary) / rest)) + 0.1f;
}

}  // namespace

float uniformDraw(std::uint64_t seed, std::uint64_t position) {
    // Two rounds, so that neighbouring seeds are not shifted copies of one stream.
    const std::uint64_t bits = mix(mix(seed + 0x9e3779b97f4a7c15ULL) + (position + 1) * 0x9e3779b97f4a7c15ULL);
    return static_cast<float>(bits >> 40) * (1.0f / 16777216.0f);
}

// Rounded, but never to the wrong side: a lower score is at least so many halvings below the best. Finite.
float Sampler::Row::scoreBelow(float halvings) const {
    return std::max(-kLargest, best - halvings / scale);
}

kernels::MassScale Sampler::Row::massAbove(float floor) const {
    return {.best = best, .scale = scale, .floor = floor};
}

kernels::VocabularyRow Sampler::Row::view(const std::vector<float>& maxima) const {
    return {.x = scores.data(), .n = static_cast<int>(scores.size()), .maxima = maxima.data()};
}

TokenId Sampler::sample(std::span<const float> logits, const SamplingParams& params, std::span<const TokenId> history,
                        std::size_t promptTokens, std::uint64_t position) {
    assert(!logits.empty() && promptTokens <= history.size());
    const bool changed = penalises(params) || !params.logitBias.empty();
    const bool greedy = !(params.temperature > 0) || params.topK == 1;
    Row row{.scores = logits, .best = findBest(logits)};
    if (greedy && !changed) return firstBest(row);
    if (row.best == kInfinity) makeFinite(row);
    if (changed) {
        change(row, params, history, promptTokens);
        if (row.best == kInfinity) makeFinite(row);
    }
    if (row.best == -kInfinity) return 0;
    if (greedy) return firstBest(row);

    // Bounded, so that 0 * scale is 0 and -inf * scale is -inf however extreme the temperature.
    row.scale = std::clamp(kernels::kLog2e / params.temperature, 1e-30f, 1e30f);
    const float u = uniformDraw(params.seed, position);
    const bool limited = limits(params, row.scores.size());
    if (!limited && params.topP >= 1 && !(params.minP > 0)) return drawFromRow(row, u);

    const std::uint64_t total = gatherFor(row, params);
    if (limited) m_candidates.keepTopK(static_cast<std::size_t>(params.topK));
    if (params.topP < 1) m_candidates.keepTopP(neededMass(params.topP, limited ? m_candidates.mass() : total));
    if (params.minP > 0) m_candidates.keepMinP(params.minP);
    return m_candidates.tokenAt(scaled(m_candidates.mass(), u));
}

// The scores after bias and penalties.
void Sampler::change(Row& row, const SamplingParams& params, std::span<const TokenId> history,
                     std::size_t promptTokens) {
    if (row.scores.data() != m_scores.data()) m_scores.assign(row.scores.begin(), row.scores.end());
    for (const auto& [token, bias] : params.logitBias) {
        if (token >= 0 && static_cast<std::size_t>(token) < m_scores.size())
            m_scores[static_cast<std::size_t>(token)] += bias;
    }
    if (penalises(params)) applyPenalties(params, history, promptTokens);
    row.scores = m_scores;
    row.best = findBest(m_scores);
}

void Sampler::applyPenalties(const SamplingParams& params, std::span<const TokenId> history, std::size_t promptTokens) {
    m_counts.resize(m_scores.size(), 0);
    const auto inVocabulary = [this](TokenId token) {
        return token >= 0 && static_cast<std::size_t>(token) < m_scores.size();
    };
    if (params.repetitionPenalty != 1) {
        for (const TokenId token : history) {
            if (!inVocabulary(token) || m_counts[static_cast<std::size_t>(token)]++ > 0) continue;
            float& score = m_scores[static_cast<std::size_t>(token)];
            score = score > 0 ? score / params.repetitionPenalty : score * params.repetitionPenalty;
        }
        for (const TokenId token : history) {
            if (inVocabulary(token)) m_counts[static_cast<std::size_t>(token)] = 0;
        }
    }
    const std::span<const TokenId> answer = history.subspan(promptTokens);
    for (const TokenId token : answer) {
        if (inVocabulary(token)) ++m_counts[static_cast<std::size_t>(token)];
    }
    for (const TokenId token : answer) {
        if (!inVocabulary(token)) continue;
        std::uint32_t& count = m_counts[static_cast<std::size_t>(token)];
        if (count == 0) continue;  // done at its first occurrence
        m_scores[static_cast<std::size_t>(token)] -=
            static_cast<float>(count) * params.frequencyPenalty + params.presencePenalty;
        count = 0;
    }
}

// Finite or -inf, whatever the model or the client's factors made of the scores.
void Sampler::makeFinite(Row& row) {
    m_scores.resize(row.scores.size());  // the scores may be these
    std::transform(row.scores.begin(), row.scores.end(), m_scores.begin(), finite);
    row.scores = m_scores;
    row.best = findBest(m_scores);
}

// Fills m_maxima. -inf when there is nothing but NaN and -inf.
float Sampler::findBest(std::span<const float> scores) {
    const auto size = static_cast<int>(scores.size());
    m_maxima.resize(static_cast<std::size_t>(kernels::vocabularyBlocks(size)));
    m_kernels.blockMaxima(scores.data(), size, m_maxima.data());
    return largest(m_maxima);
}

// Lowest id of the best; 0 when it is nowhere (a row of NaN only).
TokenId Sampler::firstBest(const Row& row) const {
    for (std::size_t block = 0; block < m_maxima.size(); ++block) {
        if (m_maxima[block] != row.best) continue;
        const std::size_t end = std::min(row.scores.size(), (block + 1) * kBlock);
        for (std::size_t i = block * kBlock; i < end; ++i) {
            if (row.scores[i] == row.best) return static_cast<TokenId>(i);
        }
    }
    return 0;
}

// A score that `rank` tokens at least are not below: the rank-th largest of so many groups of blocks that it is seldom
// much below the rank-th largest score. -inf when there are fewer blocks.
float Sampler::groupMaximum(std::size_t rank) {
    const std::size_t groups = std::min(m_maxima.size(), std::max<std::size_t>(256, 4 * rank));
    if (rank > groups) return -kInfinity;
    m_groups.assign(m_maxima.begin(), m_maxima.begin() + static_cast<std::ptrdiff_t>(groups));
    for (std::size_t first = groups; first < m_maxima.size(); first += groups) {
        const float* maxima = m_maxima.data() + first;
        const std::size_t count = std::min(groups, m_maxima.size() - first);
        for (std::size_t i = 0; i < count; ++i) m_groups[i] = maxima[i] > m_groups[i] ? maxima[i] : m_groups[i];
    }
    const auto nth = m_groups.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(m_groups.begin(), nth, m_groups.end(), std::greater<>());
    return *nth;
}

// Without filters only the block that holds the draw is looked at.
TokenId Sampler::drawFromRow(const Row& row, float u) {
    std::uint64_t left = scaled(massOfRow(row), u);
    std::size_t block = 0;
    while (left >= m_blocks[block]) left -= m_blocks[block++];  // ends: left < total
    kernels::VocabularyRow part = row.view(m_maxima);
    part.x += block * kBlock;
    part.n = std::min(part.n - static_cast<int>(block * kBlock), kernels::kVocabularyBlock);
    part.maxima += block;
    m_candidates.gather(m_kernels, part, row.massAbove(row.scoreBelow(kMassHalvings)));
    return static_cast<TokenId>(block * kBlock) + m_candidates.tokenAt(left);
}

// Fills m_blocks.
std::uint64_t Sampler::massOfRow(const Row& row) {
    m_blocks.resize(m_maxima.size());
    m_kernels.blockMasses(row.view(m_maxima), row.massAbove(row.scoreBelow(kMassHalvings)), m_blocks.data());
    return std::accumulate(m_blocks.begin(), m_blocks.end(), std::uint64_t{0});
}

// Gathers at least every token that the filters keep and that has mass: first those above a score that nearly always
// suffices. Returns the mass that top_p is of, unless there is a top_k.
std::uint64_t Sampler::gatherFor(const Row& row, const SamplingParams& params) {
    const bool limited = limits(params, row.scores.size());
    const auto topK = static_cast<std::size_t>(params.topK);
    std::uint64_t total = 0;
    std::uint64_t needed = 0;
    float lowest = row.scoreBelow(kMassHalvings);
    float likely = lowest;
    float certain = lowest;
    // What top_p counts must all be there; min_p comes after it.
    if (params.topP >= 1 && params.minP > 0)
        lowest = std::max(lowest, row.scoreBelow(std::max(0.0f, 0.01f - kernels::log2Scalar(params.minP))));
    if (limited && topK <= m_maxima.size()) {
        likely = certain = groupMaximum(topK);
    } else if (limited) {
        likely = row.scoreBelow(kFirstHalvings);
        certain = row.scoreBelow(2 * kFirstHalvings);
    } else if (params.topP < 1) {
        total = massOfRow(row);
        needed = neededMass(params.topP, total);
        const float enough = topPHalvings(params.topP, total, row.scores.size());
        likely = row.scoreBelow(enough < kFirstHalvings + 6 ? enough : kFirstHalvings);
        certain = row.scoreBelow(enough);
    }
    for (const float floor : {likely, certain, lowest}) {
        m_candidates.gather(m_kernels, row.view(m_maxima), row.massAbove(std::max(floor, lowest)));
        if (floor <= lowest || (limited ? m_candidates.size() >= topK : m_candidates.mass() >= needed)) break;
    }
    return total;
}

PositionLogprobs Sampler::logprobs(std::span<const float> logits, TokenId chosen, int top) {
    assert(chosen >= 0 && static_cast<std::size_t>(chosen) < logits.size());
    Row row{.scores = logits, .best = findBest(logits), .scale = kernels::kLog2e};
    const std::size_t count = std::min(static_cast<std::size_t>(std::max(0, top)), logits.size());
    float floor = count > 0 ? groupMaximum(count) : row.best;
    // With -inf among the likeliest NaN has its place there too.
    if (row.best == kInfinity || floor == -kInfinity) {
        makeFinite(row);
        floor = count > 0 ? groupMaximum(count) : row.best;
    }
    const float logSum = row.best == -kInfinity ? 0 : logOfSum(row);
    const auto logprob = [&](TokenId token, float score) {
        return TokenLogprob{token, score == -kInfinity ? -kInfinity : (score - row.best) - logSum};
    };
    PositionLogprobs result{.chosen = logprob(chosen, finite(logits[static_cast<std::size_t>(chosen)])), .top = {}};
    if (count == 0) return result;

    for (const auto& each : m_candidates.likeliest(m_kernels, row.view(m_maxima), floor, count))
        result.top.push_back(logprob(each.token, each.score));
    return result;
}

// The natural logarithm of the sum of exponentials, relative to the best. May put finite scores into the row.
float Sampler::logOfSum(Row& row) {
    const auto size = static_cast<int>(row.scores.size());
    m_weights.resize(row.scores.size());
    float sum = m_kernels.expAndSum(row.scores.data(), size, row.best, row.scale, m_weights.data());
    if (sum != sum) {  // the row holds NaN
        makeFinite(row);
        sum = m_kernels.expAndSum(row.scores.data(), size, row.best, row.scale, m_weights.data());
    }
    return kernels::log2Scalar(sum) * kernels::kLn2;
}

}  // namespace larder::generate
