#include "engine/generate/candidates.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace larder::generate {

namespace {

constexpr float kMassUnits = 1073741824.0f;  // 2^30
constexpr float kBucketsPerHalving = 32;
constexpr int kBuckets = 32 * 32;

bool before(const Candidates::Candidate& a, const Candidates::Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.token < b.token;
}

// Rises with the distance from the best, so that buckets never contradict the order of scores. The last one holds
// everything that is further below.
int bucketOf(float score, const kernels::MassScale& scale) {
    const float bucket = (scale.best - score) * scale.scale * kBucketsPerHalving;
    return static_cast<int>(bucket < kBuckets - 1 ? bucket : kBuckets - 1);
}

}  // namespace

void Candidates::collect(const kernels::Kernels& kernels, const kernels::VocabularyRow& row, float floor) {
    const std::size_t room = static_cast<std::size_t>(row.n) + kernels::kCollectSlack;
    if (m_tokens.size() < room) {
        m_tokens.resize(room);
        m_scores.resize(room);
        m_weights.resize(room);
        m_masses.resize(room);
        m_bucketOf.resize(room);
    }
    m_size = static_cast<std::size_t>(kernels.collectAbove(row, floor, m_tokens.data(), m_scores.data()));
}

void Candidates::gather(const kernels::Kernels& kernels, const kernels::VocabularyRow& row,
                        const kernels::MassScale& scale) {
    m_scale = scale;
    collect(kernels, row, scale.floor);
    kernels.expAndSum(m_scores.data(), static_cast<int>(m_size), scale.best, scale.scale, m_weights.data());
    const float* weights = m_weights.data();
    std::uint32_t* masses = m_masses.data();
    for (std::size_t i = 0; i < m_size; ++i)
        masses[i] = static_cast<std::uint32_t>(static_cast<std::int32_t>(weights[i] * kMassUnits));
    addMasses();
}

void Candidates::addMasses() {
    m_mass =
        std::accumulate(m_masses.begin(), m_masses.begin() + static_cast<std::ptrdiff_t>(m_size), std::uint64_t{0});
}

// A filter is known by the last candidate it keeps. That is found by adding up buckets of similar scores, then ranking
// the one bucket it lies in: nothing needs a full sort.
void Candidates::fillBuckets() {
    const kernels::MassScale scale = m_scale;
    const float* scores = m_scores.data();
    std::uint16_t* buckets = m_bucketOf.data();
    for (std::size_t i = 0; i < m_size; ++i) buckets[i] = static_cast<std::uint16_t>(bucketOf(scores[i], scale));
    m_buckets.assign(static_cast<std::size_t>(bucketOf(scale.floor, scale)) + 1, {});
    for (std::size_t i = 0; i < m_size; ++i) {
        Bucket& bucket = m_buckets[buckets[i]];
        bucket.mass += m_masses[i];
        ++bucket.tokens;
    }
}

void Candidates::rankBucket(std::size_t bucket) {
    m_ranked.clear();
    for (std::size_t i = 0; i < m_size; ++i) {
        if (m_bucketOf[i] == bucket) m_ranked.push_back({m_scores[i], m_tokens[i], m_masses[i]});
    }
}

void Candidates::keepTopK(std::size_t count) {
    assert(count > 0);
    if (count >= m_size) return;
    fillBuckets();
    std::size_t bucket = 0;
    for (; m_buckets[bucket].tokens < count; ++bucket) count -= m_buckets[bucket].tokens;
    rankBucket(bucket);
    const auto last = m_ranked.begin() + static_cast<std::ptrdiff_t>(count - 1);
    std::nth_element(m_ranked.begin(), last, m_ranked.end(), before);
    dropAfter(*last);
}

// Inside its bucket the last one kept is found by halving, so that the work is a few passes.
void Candidates::keepTopP(std::uint64_t needed) {
    assert(needed > 0 && needed <= m_mass);
    fillBuckets();
    std::size_t bucket = 0;
    for (; m_buckets[bucket].mass < needed; ++bucket) needed -= m_buckets[bucket].mass;
    rankBucket(bucket);
    auto first = m_ranked.begin();
    auto end = m_ranked.end();  // it is in [first, end)
    while (end - first > 1) {
        const auto middle = first + (end - first) / 2;
        std::nth_element(first, middle, end, before);
        std::uint64_t mass = 0;
        for (auto it = first; it != middle; ++it) mass += it->mass;
        if (mass >= needed) {
            end = middle;
        } else {
            needed -= mass;
            first = middle;
        }
    }
    dropAfter(*first);
}

// In two loops, because those with higher ids lose a tie: each becomes a comparison of vectors.
void Candidates::dropAfter(const Candidate& last) {
    const auto end = m_tokens.begin() + static_cast<std::ptrdiff_t>(m_size);
    const auto tied = static_cast<std::size_t>(std::upper_bound(m_tokens.begin(), end, last.token) - m_tokens.begin());
    const float* scores = m_scores.data();
    std::uint32_t* masses = m_masses.data();
    for (std::size_t i = 0; i < tied; ++i) masses[i] = scores[i] >= last.score ? masses[i] : 0;
    for (std::size_t i = tied; i < m_size; ++i) masses[i] = scores[i] > last.score ? masses[i] : 0;
    addMasses();
}

void Candidates::keepMinP(float minP) {
    const float best = m_scale.best;
    const float* scores = m_scores.data();
    const float* weights = m_weights.data();
    std::uint32_t* masses = m_masses.data();
    for (std::size_t i = 0; i < m_size; ++i) {
        const bool kept = (weights[i] >= minP) | (scores[i] == best);
        masses[i] = kept ? masses[i] : 0;
    }
    addMasses();
}

TokenId Candidates::tokenAt(std::uint64_t mass) const {
    assert(mass < m_mass);
    constexpr std::size_t kRun = 64;
    std::size_t i = 0;
    for (; i + kRun <= m_size; i += kRun) {
        const auto first = m_masses.begin() + static_cast<std::ptrdiff_t>(i);
        const std::uint64_t run = std::accumulate(first, first + kRun, std::uint64_t{0});
        if (mass < run) break;
        mass -= run;
    }
    while (mass >= m_masses[i]) mass -= m_masses[i++];
    return m_tokens[i];
}

std::span<const Candidates::Candidate> Candidates::likeliest(const kernels::Kernels& kernels,
                                                             const kernels::VocabularyRow& row, float floor,
                                                             std::size_t count) {
    collect(kernels, row, floor);
    assert(count <= m_size);
    m_ranked.resize(m_size);
    for (std::size_t i = 0; i < m_size; ++i) m_ranked[i] = {.score = m_scores[i], .token = m_tokens[i], .mass = 0};
    const auto end = m_ranked.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(m_ranked.begin(), end, m_ranked.end(), before);
    return {m_ranked.data(), count};
}

}  // namespace larder::generate
