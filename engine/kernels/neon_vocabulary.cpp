// Passes over one row of logits for NEON.
#include <arm_neon.h>

#include <cstdint>

#include "engine/kernels/neon_kernels.h"
#include "engine/kernels/neon_math.h"
#include "engine/kernels/vocabulary_block.h"

namespace larder::kernels {
namespace {

constexpr int kWidth = 4;
constexpr int kRun = 16;  // values of four registers
constexpr float kMinusInfinity = -__builtin_inff();

// A comparison with NaN is false: then what was found so far stays. (FMAX would give the NaN.)
inline float32x4_t larger(float32x4_t v, float32x4_t found) {
    return vbslq_f32(vcgtq_f32(v, found), v, found);
}

inline float maximumOfBlock(const float* x) {
    float32x4_t found[4] = {vdupq_n_f32(kMinusInfinity), vdupq_n_f32(kMinusInfinity), vdupq_n_f32(kMinusInfinity),
                            vdupq_n_f32(kMinusInfinity)};
    for (int i = 0; i < kVocabularyBlock; i += kRun) {
#pragma GCC unroll 4
        for (int k = 0; k < 4; ++k) {
            found[k] = larger(vld1q_f32(x + i + kWidth * k), found[k]);
        }
    }
    return vmaxvq_f32(vmaxq_f32(vmaxq_f32(found[0], found[1]), vmaxq_f32(found[2], found[3])));
}

// exp2Scalar(x) * 2^30 for -64 <= x <= 0. A factor of 2^30 on every coefficient changes no other bit.
inline float32x4_t massOf(float32x4_t x) {
    constexpr float kUnits = 0x1p30f;
    const float32x4_t n = vrndnq_f32(x);
    const float32x4_t f = vsubq_f32(x, n);
    float32x4_t p = vfmaq_f32(vdupq_n_f32(kExp2C5 * kUnits), f, vdupq_n_f32(kExp2C6 * kUnits));
    p = vfmaq_f32(vdupq_n_f32(kExp2C4 * kUnits), f, p);
    p = vfmaq_f32(vdupq_n_f32(kExp2C3 * kUnits), f, p);
    p = vfmaq_f32(vdupq_n_f32(kExp2C2 * kUnits), f, p);
    p = vfmaq_f32(vdupq_n_f32(kExp2C1 * kUnits), f, p);
    p = vfmaq_f32(vdupq_n_f32(kUnits), f, p);
    const int32x4_t exponent = vshlq_n_s32(vcvtnq_s32_f32(n), 23);
    return vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(p), vreinterpretq_u32_s32(exponent)));
}

inline std::uint64_t massOfBlock(const float* x, const MassScale& scale) {
    const float32x4_t best = vdupq_n_f32(scale.best);
    const float32x4_t factor = vdupq_n_f32(scale.scale);
    const float32x4_t floor = vdupq_n_f32(scale.floor);
    uint64x2_t sum = vdupq_n_u64(0);
    for (int i = 0; i < kVocabularyBlock; i += kWidth) {
        const float32x4_t v = vld1q_f32(x + i);
        const float32x4_t mass = massOf(vmulq_f32(vsubq_f32(v, best), factor));
        sum = vpadalq_u32(sum, vandq_u32(vcvtq_u32_f32(mass), vcgeq_f32(v, floor)));
    }
    return vaddvq_u64(sum);
}

inline bool anyFrom(const float* x, float32x4_t floor) {
    const uint32x4_t low = vorrq_u32(vcgeq_f32(vld1q_f32(x), floor), vcgeq_f32(vld1q_f32(x + 4), floor));
    const uint32x4_t high = vorrq_u32(vcgeq_f32(vld1q_f32(x + 8), floor), vcgeq_f32(vld1q_f32(x + 12), floor));
    return vmaxvq_u32(vorrq_u32(low, high)) != 0;
}

inline int collectFrom(const float* x, int first, float floor, std::int32_t* tokens, float* values) {
    int count = 0;
    for (int i = 0; i < kVocabularyBlock; i += kRun) {
        if (!anyFrom(x + i, vdupq_n_f32(floor))) {
            continue;
        }
        for (int k = i; k < i + kRun; ++k) {  // without a branch: which of them count is hard to foresee
            tokens[count] = first + k;
            values[count] = x[k];
            count += x[k] >= floor ? 1 : 0;
        }
    }
    return count;
}

}  // namespace

void neonBlockMaxima(const float* x, int n, float* maxima) {
    float padded[kVocabularyBlock];
    for (int b = 0; b < vocabularyBlocks(n); ++b) {
        maxima[b] = maximumOfBlock(wholeBlock(x, n, b, padded));
    }
}

void neonBlockMasses(const VocabularyRow& row, const MassScale& scale, std::uint64_t* masses) {
    float padded[kVocabularyBlock];
    for (int b = 0; b < vocabularyBlocks(row.n); ++b) {
        const bool any = row.maxima[b] >= scale.floor;
        masses[b] = any ? massOfBlock(wholeBlock(row.x, row.n, b, padded), scale) : 0;
    }
}

int neonCollectAbove(const VocabularyRow& row, float floor, std::int32_t* tokens, float* values) {
    float padded[kVocabularyBlock];
    int count = 0;
    for (int b = 0; b < vocabularyBlocks(row.n); ++b) {
        if (row.maxima[b] >= floor) {
            count += collectFrom(wholeBlock(row.x, row.n, b, padded), b * kVocabularyBlock, floor, tokens + count,
                                 values + count);
        }
    }
    return count;
}

}  // namespace larder::kernels
