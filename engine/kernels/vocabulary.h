// Passes over one row of logits, for the sampler. The row is cut into blocks of 64 tokens (the last may be shorter), so
// that what lies far below the best is skipped by block. NaN is never chosen: it counts as less than everything.
#pragma once

#include <cstdint>

namespace larder::kernels {

inline constexpr int kVocabularyBlock = 64;

// Internal linkage as in half.h.
static constexpr int vocabularyBlocks(int n) {
    return (n + kVocabularyBlock - 1) / kVocabularyBlock;
}

// A row and what blockMaxima found in it.
struct VocabularyRow {
    const float* x = nullptr;       // [n]
    int n = 0;
    const float* maxima = nullptr;  // [blocks]
};

// maxima[b] = the largest value of block b; -inf when it has none but NaN. Of two zeros either sign may come out.
using BlockMaximaFn = void (*)(const float* x, int n, float* maxima);

// Which values have mass, and how much: an x >= floor has trunc(2^30 exp2((x - best) * scale)), others none.
// REQUIRES best finite and not below any x, and (floor - best) * scale >= -64, so that exp2 is never cut off.
struct MassScale {
    float best = 0;
    float scale = 0;
    float floor = 0;
};

// masses[b] = the sum of block b's masses, in units of 2^-30 of the best one's.
using BlockMassesFn = void (*)(const VocabularyRow& row, const MassScale& scale, std::uint64_t* masses);

// Copies what is >= floor, in order of tokens, and returns how many there are. tokens and values need room for
// n + kCollectSlack; what is written behind the count means nothing.
inline constexpr int kCollectSlack = 16;
using CollectFn = int (*)(const VocabularyRow& row, float floor, std::int32_t* tokens, float* values);

}  // namespace larder::kernels
