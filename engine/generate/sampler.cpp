#include "engine/generate/sampler.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/kernels/math.h"

namespace larder::generate {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kMassUnits = 1073741824.0f;  // 2^30
constexpr int kLanes = 16;
constexpr std::size_t kDrawSpan = 256;
// Below 31 halvings no mass is left: the last bucket holds all of that.
constexpr float kBucketsPerHalving = 32;
constexpr int kBuckets = 32 * 32;
constexpr std::size_t kFewTop = 128;

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the result depends on every bit of x.
std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

// The largest value, NaN left out; -inf if there is none. In lanes, so that the compiler can use vectors.
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

// Lowest index of the value; 0 when it is nowhere (a row of NaN only).
TokenId firstOf(std::span<const float> values, float value) {
    const auto found = std::find(values.begin(), values.end(), value);
    return found == values.end() ? 0 : static_cast<TokenId>(found - values.begin());
}

// floor(total * u) for u = n / 2^24, exactly.
std::uint64_t scaled(std::uint64_t total, float u) {
    const auto n = static_cast<std::uint64_t>(u * 16777216.0f);
    return (total >> 24) * n + (((total & 0xffffff) * n) >> 24);
}

}  // namespace

float uniformDraw(std::uint64_t seed, std::uint64_t position) {
    // Two rounds, so that neighbouring seeds are not shifted copies of one stream.
    const std::uint64_t bits = mix(mix(seed + 0x9e3779b97f4a7c15ULL) + (position + 1) * 0x9e3779b97f4a7c15ULL);
    return static_cast<float>(bits >> 40) * (1.0f / 16777216.0f);
}

bool Sampler::before(const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.token < b.token;
}

TokenId Sampler::sample(std::span<const float> logits, const SamplingParams& params, std::span<const TokenId> history,
                        std::size_t promptTokens, std::uint64_t position) {
    assert(!logits.empty() && promptTokens <= history.size());
    const bool penalised = params.repetitionPenalty != 1 || params.frequencyPenalty != 0 || params.presencePenalty != 0;
    const bool greedy = !(params.temperature > 0) || params.topK == 1;
    if (greedy && !penalised && params.logitBias.empty()) return firstOf(logits, largest(logits));

    float best = loadScores(logits);
    for (const auto& [token, bias] : params.logitBias) {
        if (token >= 0 && static_cast<std::size_t>(token) < m_scores.size())
            m_scores[static_cast<std::size_t>(token)] += bias;
    }
    if (penalised) applyPenalties(params, history, promptTokens);
    if (penalised || !params.logitBias.empty())
        best = loadScores(m_scores);  // whatever the client's factors made of them
    if (greedy || best == -kInfinity) return firstOf(m_scores, best);

    // Bounded, so that 0 * scale is 0 and -inf * scale is -inf however extreme the temperature.
    const float scale = std::clamp(kernels::kLog2e / params.temperature, 1e-30f, 1e30f);
    weigh(best, scale);
    const float u = uniformDraw(params.seed, position);
    const std::size_t topK = params.topK > 0 ? static_cast<std::size_t>(params.topK) : m_scores.size();
    Candidate last{.score = -kInfinity, .token = std::numeric_limits<TokenId>::max(), .mass = 0};
    if (topK < m_scores.size() || params.topP < 1) {
        fillBuckets(best, scale);
        last = lastKept(topK, params.topP);
    }
    if (last.score > -kInfinity || params.minP > 0) dropAfter(last, best, params.minP);
    return draw(u);
}

// Finite or -inf, whatever the model computed. logits may be m_scores.
float Sampler::loadScores(std::span<const float> logits) {
    m_scores.resize(logits.size());
    const float* from = logits.data();
    float* to = m_scores.data();
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const float capped = from[i] > kLargest ? kLargest : from[i];
        to[i] = capped >= -kLargest ? capped : -kInfinity;
    }
    return largest(m_scores);
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

// Fills m_weights, m_masses and m_spans.
void Sampler::weigh(float best, float scale) {
    const std::size_t size = m_scores.size();
    m_weights.resize(size);
    m_masses.resize(size);
    m_kernels.expAndSum(m_scores.data(), static_cast<int>(size), best, scale, m_weights.data());
    for (std::size_t i = 0; i < size; ++i)
        m_masses[i] = static_cast<std::uint32_t>(static_cast<std::int32_t>(m_weights[i] * kMassUnits));
    addSpans();
}

void Sampler::addSpans() {
    m_spans.clear();
    for (std::size_t first = 0; first < m_masses.size(); first += kDrawSpan) {
        const auto begin = m_masses.begin() + static_cast<std::ptrdiff_t>(first);
        const auto tokens = static_cast<std::ptrdiff_t>(std::min(kDrawSpan, m_masses.size() - first));
        m_spans.push_back(std::accumulate(begin, begin + tokens, std::uint64_t{0}));
    }
}

// Walks the cumulative distribution in order of ids: first by spans, then inside the one that holds the draw.
TokenId Sampler::draw(float u) const {
    std::uint64_t left = scaled(std::accumulate(m_spans.begin(), m_spans.end(), std::uint64_t{0}), u);
    std::size_t span = 0;
    while (left >= m_spans[span]) left -= m_spans[span++];  // ends: left < total
    std::size_t i = span * kDrawSpan;
    while (left >= m_masses[i]) left -= m_masses[i++];
    return static_cast<TokenId>(i);
}

// Every filter keeps a leading part of the order (score falling, id rising). So it is enough to find the last one kept:
// by adding up buckets of similar scores, then ranking the one bucket it lies in. Nothing needs a full sort.
Sampler::Candidate Sampler::lastKept(std::size_t topK, double topP) {
    std::uint64_t total = 0;  // of what top_k keeps
    std::size_t bucket = 0;   // the one in m_ranked; all before it is kept
    for (; bucket + 1 < m_buckets.size() && m_buckets[bucket].tokens < topK; ++bucket) {
        topK -= m_buckets[bucket].tokens;
        total += m_buckets[bucket].mass;
    }
    rankBucket(bucket);
    keepTopK(topK);
    for (const Candidate& candidate : m_ranked) total += candidate.mass;
    if (topP < 1) {
        auto needed =
            std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(topP * static_cast<double>(total))));
        std::size_t crossing = 0;
        for (; crossing < bucket && m_buckets[crossing].mass < needed; ++crossing) needed -= m_buckets[crossing].mass;
        if (crossing < bucket) rankBucket(crossing);
        keepTopP(needed);
    }
    return *std::max_element(m_ranked.begin(), m_ranked.end(), before);
}

// A bucket is a 32nd of a halving wide and rises with the distance from the best, so that buckets never contradict the
// order of scores.
void Sampler::fillBuckets(float best, float scale) {
    const std::size_t size = m_scores.size();
    m_bucketOf.resize(size);
    const float* scores = m_scores.data();
    std::uint16_t* bucketOf = m_bucketOf.data();
    for (std::size_t i = 0; i < size; ++i) {
        const float bucket = (best - scores[i]) * scale * kBucketsPerHalving;
        bucketOf[i] = static_cast<std::uint16_t>(static_cast<int>(bucket < kBuckets - 1 ? bucket : kBuckets - 1));
    }
    m_buckets.assign(kBuckets, {});
    for (std::size_t i = 0; i < size; ++i) {
        Bucket& bucket = m_buckets[m_bucketOf[i]];
        bucket.mass += m_masses[i];
        ++bucket.tokens;
    }
}

// Copies the tokens of one bucket to m_ranked.
void Sampler::rankBucket(std::size_t bucket) {
    m_ranked.clear();
    for (std::size_t i = 0; i < m_scores.size(); ++i) {
        if (m_bucketOf[i] == bucket) m_ranked.push_back({m_scores[i], static_cast<TokenId>(i), m_masses[i]});
    }
}

void Sampler::keepTopK(std::size_t count) {
    if (count >= m_ranked.size()) return;
    std::nth_element(m_ranked.begin(), m_ranked.begin() + static_cast<std::ptrdiff_t>(count), m_ranked.end(), before);
    m_ranked.resize(count);
}

// The shortest leading part whose mass reaches what is needed, found by halving: total work is a few passes.
void Sampler::keepTopP(std::uint64_t needed) {
    auto first = m_ranked.begin();
    auto last = m_ranked.end();  // the one that crosses is in [first, last)
    while (last - first > 1) {
        const auto middle = first + (last - first) / 2;
        std::nth_element(first, middle, last, before);
        std::uint64_t mass = 0;
        for (auto it = first; it != middle; ++it) mass += it->mass;
        if (mass >= needed) {
            last = middle;
        } else {
            needed -= mass;
            first = middle;
        }
    }
    m_ranked.erase(last, m_ranked.end());
}

// What comes after the last one kept, and what min_p drops, loses its mass. The likeliest is never dropped.
void Sampler::dropAfter(const Candidate& last, float best, float minP) {
    const std::size_t tied = std::min(static_cast<std::size_t>(last.token) + 1, m_scores.size());  // may equal the last
    const float* scores = m_scores.data();
    const float* weights = m_weights.data();
    std::uint32_t* masses = m_masses.data();
    for (std::size_t i = 0; i < tied; ++i) {
        const bool kept = (scores[i] >= last.score) & ((weights[i] >= minP) | (scores[i] == best));
        masses[i] = kept ? masses[i] : 0;
    }
    for (std::size_t i = tied; i < m_scores.size(); ++i) {
        const bool kept = (scores[i] > last.score) & ((weights[i] >= minP) | (scores[i] == best));
        masses[i] = kept ? masses[i] : 0;
    }
    addSpans();
}

PositionLogprobs Sampler::logprobs(std::span<const float> logits, TokenId chosen, int top) {
    assert(chosen >= 0 && static_cast<std::size_t>(chosen) < logits.size());
    const float best = loadScores(logits);
    m_weights.resize(m_scores.size());
    float logSum = 0;
    if (best != -kInfinity) {
        const auto size = static_cast<int>(m_scores.size());
        logSum =
            kernels::log2Scalar(m_kernels.expAndSum(m_scores.data(), size, best, kernels::kLog2e, m_weights.data())) *
            kernels::kLn2;
    }
    const auto at = [&](TokenId token) {
        const float score = m_scores[static_cast<std::size_t>(token)];
        return TokenLogprob{token, score == -kInfinity ? -kInfinity : (score - best) - logSum};
    };
    PositionLogprobs result{.chosen = at(chosen), .top = {}};
    const std::size_t count = std::min(static_cast<std::size_t>(std::max(0, top)), m_scores.size());
    if (count == 0) return result;

    // Few: kept in order while walking through; nearly all tokens fail the first comparison.
    m_ranked.clear();
    for (std::size_t i = 0; i < m_scores.size(); ++i) {
        if (count > kFewTop) {
            m_ranked.push_back({m_scores[i], static_cast<TokenId>(i), 0});
            continue;
        }
        if (m_ranked.size() == count && !(m_scores[i] > m_ranked.back().score)) continue;
        const Candidate candidate{m_scores[i], static_cast<TokenId>(i), 0};
        if (m_ranked.size() == count) m_ranked.pop_back();
        m_ranked.insert(std::upper_bound(m_ranked.begin(), m_ranked.end(), candidate, before), candidate);
    }
    if (count > kFewTop) {
        std::partial_sort(m_ranked.begin(), m_ranked.begin() + static_cast<std::ptrdiff_t>(count), m_ranked.end(),
                          before);
        m_ranked.resize(count);
    }
    for (const Candidate& candidate : m_ranked) result.top.push_back(at(candidate.token));
    return result;
}

}  // namespace larder::generate
