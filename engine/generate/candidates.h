// The tokens of one row that sampling may still choose, with their masses: integers in units of 2^-30 of the likeliest
// token's, what is less is none. Sums of them know no order, so that every way to add them up gives the same draw.
// Filters keep a leading part of the order "score falling, id rising"; what they drop stays here with no mass.
// One thread at a time; keeps its memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/types.h"

namespace larder::generate {

class Candidates {
public:
    struct Candidate {
        float score = 0;
        TokenId token = 0;
        std::uint32_t mass = 0;
    };

    // What is not below the scale's floor, with masses.
    void gather(const kernels::Kernels& kernels, const kernels::VocabularyRow& row, const kernels::MassScale& scale);

    std::size_t size() const { return m_size; }
    std::uint64_t mass() const { return m_mass; }

    void keepTopK(std::size_t count);
    void keepTopP(std::uint64_t needed);  // the shortest leading part that has this mass. REQUIRES 0 < needed <= mass()
    void keepMinP(float minP);            // of the likeliest's mass; that one stays

    // Where the cumulative mass, in order of ids, exceeds `mass`. REQUIRES mass < mass().
    TokenId tokenAt(std::uint64_t mass) const;

    // The first ones of what is not below `floor`, in order. Without masses. REQUIRES that there are so many.
    std::span<const Candidate> likeliest(const kernels::Kernels& kernels, const kernels::VocabularyRow& row,
                                         float floor, std::size_t count);

private:
    struct Bucket {  // of candidates with nearly the same score
        std::uint64_t mass = 0;
        std::size_t tokens = 0;
    };

    void collect(const kernels::Kernels& kernels, const kernels::VocabularyRow& row, float floor);
    void addMasses();
    void fillBuckets();
    void rankBucket(std::size_t bucket);
    void dropAfter(const Candidate& last);

    std::size_t m_size = 0;
    std::uint64_t m_mass = 0;
    kernels::MassScale m_scale;
    // [size], as long as the longest so far.
    std::vector<TokenId> m_tokens;
    std::vector<float> m_scores;
    std::vector<float> m_weights;         // 2^((score - best) * scale), in [0, 1]
    std::vector<std::uint32_t> m_masses;  // 0 once dropped
    std::vector<std::uint16_t> m_bucketOf;

    std::vector<Bucket> m_buckets;    // falling scores
    std::vector<Candidate> m_ranked;  // of one bucket
};

}  // namespace larder::generate
