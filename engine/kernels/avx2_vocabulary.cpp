// Passes over one row of logits for AVX2. The AVX-512 tables use them too: most of the time is waiting for memory, and
// twice the width made the pass over all masses 15 % faster, the others none.
#include <immintrin.h>

#include "engine/kernels/avx2_kernels.h"
#include "engine/kernels/avx2_math.h"
#include "engine/kernels/vocabulary_block.h"

namespace larder::kernels {
namespace {

constexpr int kWidth = 8;
constexpr int kVectors = kVocabularyBlock / kWidth;
constexpr int kPrefetchLogits = 1024;  // how far ahead: 4 KB brought 5-10 % from cache and 30 % from memory
constexpr float kMinusInfinity = -__builtin_inff();

inline float maximumOfBlock(const float* x) {
    // maxps gives its second operand when one is NaN: what was found so far.
    __m256 even = _mm256_set1_ps(kMinusInfinity);
    __m256 odd = even;
#pragma GCC unroll 4
    for (int i = 0; i < kVectors; i += 2) {
        even = _mm256_max_ps(_mm256_loadu_ps(x + kWidth * i), even);
        odd = _mm256_max_ps(_mm256_loadu_ps(x + kWidth * (i + 1)), odd);
    }
    even = _mm256_max_ps(even, odd);
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(even), _mm256_extractf128_ps(even, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// exp2Scalar(x) * 2^30 for -64 <= x <= 0. A factor of 2^30 on every coefficient changes no other bit.
inline __m256 massOf(__m256 x) {
    constexpr float kUnits = 0x1p30f;
    const __m256 n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256 f = _mm256_sub_ps(x, n);
    __m256 p = _mm256_fmadd_ps(f, _mm256_set1_ps(kExp2C6 * kUnits), _mm256_set1_ps(kExp2C5 * kUnits));
    p = _mm256_fmadd_ps(f, p, _mm256_set1_ps(kExp2C4 * kUnits));
    p = _mm256_fmadd_ps(f, p, _mm256_set1_ps(kExp2C3 * kUnits));
    p = _mm256_fmadd_ps(f, p, _mm256_set1_ps(kExp2C2 * kUnits));
    p = _mm256_fmadd_ps(f, p, _mm256_set1_ps(kExp2C1 * kUnits));
    p = _mm256_fmadd_ps(f, p, _mm256_set1_ps(kUnits));
    const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
}

inline std::uint64_t massOfBlock(const float* x, const MassScale& scale) {
    const __m256 best = _mm256_set1_ps(scale.best);
    const __m256 factor = _mm256_set1_ps(scale.scale);
    const __m256 floor = _mm256_set1_ps(scale.floor);
    const __m256i low = _mm256_set1_epi64x(0xffffffff);
    __m256i sum = _mm256_setzero_si256();
#pragma GCC unroll 4
    for (int i = 0; i < kVectors; i += 2) {
        __m256i two = _mm256_setzero_si256();
#pragma GCC unroll 2
        for (int k = 0; k < 2; ++k) {
            const __m256 v = _mm256_loadu_ps(x + kWidth * (i + k));
            const __m256 mass = massOf(_mm256_mul_ps(_mm256_sub_ps(v, best), factor));
            const __m256i counts = _mm256_castps_si256(_mm256_cmp_ps(v, floor, _CMP_GE_OQ));
            two = _mm256_add_epi32(two, _mm256_and_si256(_mm256_cvttps_epi32(mass), counts));  // at most 2^31
        }
        sum = _mm256_add_epi64(sum, _mm256_add_epi64(_mm256_and_si256(two, low), _mm256_srli_epi64(two, 32)));
    }
    const __m128i pair = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(pair)) + static_cast<std::uint64_t>(_mm_extract_epi64(pair, 1));
}

// For each mask of 8 lanes the lanes that are set, in order.
struct LaneTable {
    constexpr LaneTable() {
        for (int mask = 0; mask < 256; ++mask) {
            int count = 0;
            for (int lane = 0; lane < kWidth; ++lane) {
                if ((mask >> lane & 1) != 0) {
                    lanes[mask][count++] = static_cast<unsigned char>(lane);
                }
            }
        }
    }
    alignas(8) unsigned char lanes[256][kWidth] = {};
};
constexpr LaneTable kLaneTable;

inline int collectFrom(const float* x, int first, __m256 floor, std::int32_t* tokens, float* values) {
    int count = 0;
    for (int i = 0; i < kVectors; ++i) {
        const __m256 v = _mm256_loadu_ps(x + kWidth * i);
        const int mask = _mm256_movemask_ps(_mm256_cmp_ps(v, floor, _CMP_GE_OQ));
        const __m128i narrow = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kLaneTable.lanes[mask]));
        const __m256i lanes = _mm256_cvtepu8_epi32(narrow);
        _mm256_storeu_ps(values + count, _mm256_permutevar8x32_ps(v, lanes));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(tokens + count),
                            _mm256_add_epi32(lanes, _mm256_set1_epi32(first + kWidth * i)));
        count += __builtin_popcount(static_cast<unsigned>(mask));
    }
    return count;
}

}  // namespace

void avx2BlockMaxima(const float* x, int n, float* maxima) {
    float padded[kVocabularyBlock];
    for (int b = 0; b < vocabularyBlocks(n); ++b) {
#pragma GCC unroll 4
        for (int line = 0; line < kVocabularyBlock; line += 16) {
            _mm_prefetch(reinterpret_cast<const char*>(x + b * kVocabularyBlock + line + kPrefetchLogits), _MM_HINT_T0);
        }
        maxima[b] = maximumOfBlock(wholeBlock(x, n, b, padded));
    }
}

void avx2BlockMasses(const VocabularyRow& row, const MassScale& scale, std::uint64_t* masses) {
    float padded[kVocabularyBlock];
    for (int b = 0; b < vocabularyBlocks(row.n); ++b) {
        const bool any = row.maxima[b] >= scale.floor;
        masses[b] = any ? massOfBlock(wholeBlock(row.x, row.n, b, padded), scale) : 0;
    }
}

int avx2CollectAbove(const VocabularyRow& row, float floor, std::int32_t* tokens, float* values) {
    float padded[kVocabularyBlock];
    int count = 0;
    for (int b = 0; b < vocabularyBlocks(row.n); ++b) {
        if (row.maxima[b] >= floor) {
            count += collectFrom(wholeBlock(row.x, row.n, b, padded), b * kVocabularyBlock, _mm256_set1_ps(floor),
                                 tokens + count, values + count);
        }
    }
    return count;
}

}  // namespace larder::kernels
