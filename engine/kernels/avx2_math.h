// Vector forms of math.h for AVX2. Private to kernels; internal linkage as in half.h.
#pragma once

#include <immintrin.h>

#include "engine/kernels/exp2_polynomial.h"

namespace larder::kernels {

// exp2Scalar for every lane, except that lanes above 127 are undefined.
static inline __m256 exp2UpTo127(__m256 x) {
    const __m256 n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256 f = _mm256_sub_ps(x, n);
    __m256 p = _mm256_fmadd_ps(f, _mm256_set1_ps(kExp2C6), _mm256_set1_ps(kExp2C5));
    p = _mm256_fmadd_ps(f, p, _mm256_set1_ps(kExp2C4));
    p = _mm256_fmadd_ps(f, p, _mm256_set1_ps(kExp2C3));
    p = _mm256_fmadd_ps(f, p, _mm256_set1_ps(kExp2C2));
    p = _mm256_fmadd_ps(f, p, _mm256_set1_ps(kExp2C1));
    p = _mm256_fmadd_ps(f, p, _mm256_set1_ps(1.0f));
    const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);  // 0 for NaN, which p keeps
    const __m256 power = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
    const __m256 large = _mm256_cmp_ps(x, _mm256_set1_ps(-126.0f), _CMP_NLT_UQ);
    return _mm256_and_ps(power, large);
}

static inline __m256 exp2Vector(__m256 x) {
    const __m256 over = _mm256_cmp_ps(x, _mm256_set1_ps(127.0f), _CMP_GT_OQ);
    return _mm256_blendv_ps(exp2UpTo127(x), _mm256_set1_ps(__builtin_inff()), over);
}

// The tree +8, +4, +2, +1 over lanes 0..7 (low) and 8..15 (high).
static inline float sumTree(__m256 low, __m256 high) {
    const __m256 eight = _mm256_add_ps(low, high);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// Mask of the first `count` of 8 lanes, count clamped to 0..8.
static inline __m256i firstLanes(int count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane);
}

}  // namespace larder::kernels
