// The NEON tables and the row-wise operations they share, for baseline ARMv8-A.
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/half.h"
#include "engine/kernels/isa_tables.h"
#include "engine/kernels/math.h"
#include "engine/kernels/neon_kernels.h"
#include "engine/kernels/neon_math.h"

namespace larder::kernels {
namespace {

constexpr int kWidth = 4;
constexpr int kRegisters = 4;  // of 16 lanes

// A whole or (left < 4) partial register of a row, the other lanes 0.
inline float32x4_t loadUpTo(const float* x, int left) {
    if (left >= kWidth) {
        return vld1q_f32(x);
    }
    float lanes[kWidth] = {};
    for (int i = 0; i < left; ++i) {
        lanes[i] = x[i];
    }
    return vld1q_f32(lanes);
}

inline void storeUpTo(float* y, int left, float32x4_t value) {
    if (left >= kWidth) {
        vst1q_f32(y, value);
        return;
    }
    float lanes[kWidth];
    vst1q_f32(lanes, value);
    for (int i = 0; i < left; ++i) {
        y[i] = lanes[i];
    }
}

void quantizeGroup(const float* x, std::int8_t* codes, float& scale, std::int32_t& sum, std::int32_t& firstSum,
                   float& scaledSum) {
    float32x4_t v[8];
    uint32x4_t largest = vdupq_n_u32(0);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        v[i] = vld1q_f32(x + kWidth * i);
        // Magnitudes compare as integers, and a NaN is above all of them.
        largest = vmaxq_u32(largest, vreinterpretq_u32_f32(vabsq_f32(v[i])));
    }
    const float amax = floatFromBits(vmaxvq_u32(largest));
    if (amax < 0x1p-100f) {
        vst1q_s8(codes, vdupq_n_s8(0));
        vst1q_s8(codes + 16, vdupq_n_s8(0));
        scale = 0.0f;
        sum = 0;
        firstSum = 0;
        scaledSum = 0.0f;
        return;
    }
    scale = amax / 127.0f;
    const float inverse = 127.0f / amax;
    std::int32_t sums[2];
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
        int32x4_t q[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
            q[i] = vcvtnq_s32_f32(vmulq_n_f32(v[4 * half + i], inverse));  // NaN becomes 0
        }
        sums[half] = vaddvq_s32(vaddq_s32(vaddq_s32(q[0], q[1]), vaddq_s32(q[2], q[3])));
        const int16x8_t low = vcombine_s16(vmovn_s32(q[0]), vmovn_s32(q[1]));
        const int16x8_t high = vcombine_s16(vmovn_s32(q[2]), vmovn_s32(q[3]));
        vst1q_s8(codes + 16 * half, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
    }
    firstSum = sums[0];
    sum = sums[0] + sums[1];
    scaledSum = scale * static_cast<float>(sum);
}

void quantizeRow(const float* x, int columns, const TokenGroups& to) {
    for (std::ptrdiff_t g = 0; g < columns / kGroup; ++g) {
        const std::ptrdiff_t at = g * to.width;
        quantizeGroup(x + g * kGroup, to.codes + at * kGroup, to.scales[at], to.sums[at], to.firstSums[at],
                      to.scaledSums[at]);
    }
}

void rmsNorm(const float* x, const float* w, int n, float eps, float* y) {
    float32x4_t lanes[kRegisters] = {};
    int i = 0;
    for (; i + kRegisters * kWidth <= n; i += kRegisters * kWidth) {
#pragma GCC unroll 4
        for (int r = 0; r < kRegisters; ++r) {
            const float32x4_t a = vld1q_f32(x + i + kWidth * r);
            lanes[r] = vfmaq_f32(lanes[r], a, a);
        }
    }
    for (int r = 0; i < n; i += kWidth, ++r) {
        const float32x4_t a = loadUpTo(x + i, n - i);
        lanes[r] = vfmaq_f32(lanes[r], a, a);
    }
    const float mean = sumTree(lanes) / static_cast<float>(n);
    const float s = 1.0f / vget_lane_f32(vsqrt_f32(vdup_n_f32(mean + eps)), 0);
    for (i = 0; i < n; i += kWidth) {
        const float32x4_t scaled = vmulq_n_f32(loadUpTo(x + i, n - i), s);
        storeUpTo(y + i, n - i, vmulq_f32(scaled, loadUpTo(w + i, n - i)));
    }
}

inline void rotatePair(float& a, float& b, float c, float s) {
    const float first = __builtin_fmaf(a, c, -(b * s));
    b = __builtin_fmaf(a, s, b * c);
    a = first;
}

inline void rotatePairs(float32x4_t& a, float32x4_t& b, float32x4_t c, float32x4_t s) {
    const float32x4_t first = vfmaq_f32(vnegq_f32(vmulq_f32(b, s)), a, c);
    b = vfmaq_f32(vmulq_f32(b, c), a, s);
    a = first;
}

void ropeInterleaved(float* x, int heads, int headDim, int pairs, const float* cosines, const float* sines) {
    for (int h = 0; h < heads; ++h) {
        float* head = x + static_cast<std::ptrdiff_t>(h) * headDim;
        int i = 0;
        for (; i + kWidth <= pairs; i += kWidth) {
            float32x4x2_t v = vld2q_f32(head + 2 * i);
            rotatePairs(v.val[0], v.val[1], vld1q_f32(cosines + i), vld1q_f32(sines + i));
            vst2q_f32(head + 2 * i, v);
        }
        for (; i < pairs; ++i) {
            rotatePair(head[2 * i], head[2 * i + 1], cosines[i], sines[i]);
        }
    }
}

void ropeNeox(float* x, int heads, int headDim, int pairs, const float* cosines, const float* sines) {
    for (int h = 0; h < heads; ++h) {
        float* first = x + static_cast<std::ptrdiff_t>(h) * headDim;
        float* second = first + pairs;
        int i = 0;
        for (; i + kWidth <= pairs; i += kWidth) {
            float32x4_t a = vld1q_f32(first + i);
            float32x4_t b = vld1q_f32(second + i);
            rotatePairs(a, b, vld1q_f32(cosines + i), vld1q_f32(sines + i));
            vst1q_f32(first + i, a);
            vst1q_f32(second + i, b);
        }
        for (; i < pairs; ++i) {
            rotatePair(first[i], second[i], cosines[i], sines[i]);
        }
    }
}

void siluMul(const float* gate, const float* up, int n, float* y) {
    const float32x4_t one = vdupq_n_f32(1.0f);
    for (int i = 0; i < n; i += kWidth) {
        const float32x4_t g = loadUpTo(gate + i, n - i);
        float32x4_t t = vmulq_n_f32(vnegq_f32(g), kLog2e);
        t = vmaxq_f32(t, vdupq_n_f32(-126.0f));  // a NaN stays
        t = vminq_f32(t, vdupq_n_f32(126.0f));
        const float32x4_t silu = vdivq_f32(g, vaddq_f32(one, exp2UpTo127(t)));
        storeUpTo(y + i, n - i, vmulq_f32(silu, loadUpTo(up + i, n - i)));
    }
}

float expAndSum(const float* x, int n, float shift, float scale, float* out) {
    const float32x4_t shifts = vdupq_n_f32(shift);
    float32x4_t sums[kRegisters] = {};
    int i = 0;
    for (; i + kRegisters * kWidth <= n; i += kRegisters * kWidth) {
#pragma GCC unroll 4
        for (int r = 0; r < kRegisters; ++r) {
            const std::ptrdiff_t at = i + kWidth * r;
            const float32x4_t e = exp2Vector(vmulq_n_f32(vsubq_f32(vld1q_f32(x + at), shifts), scale));
            vst1q_f32(out + at, e);
            sums[r] = vaddq_f32(sums[r], e);
        }
    }
    for (int r = 0; i < n; i += kWidth, ++r) {
        const int left = n - i;
        const float32x4_t e = exp2Vector(vmulq_n_f32(vsubq_f32(loadUpTo(x + i, left), shifts), scale));
        storeUpTo(out + i, left, e);
        const uint32x4_t kept = vandq_u32(vreinterpretq_u32_f32(e), firstLanes(left));
        sums[r] = vaddq_f32(sums[r], vreinterpretq_f32_u32(kept));
    }
    return sumTree(sums);
}

// ---- cache ---------------------------------------------------------------------------------------------------------

void storeKvF16(const float* k, const float* v, int headDim, int slot, std::byte* blockK, std::byte* blockV) {
    auto* keys = reinterpret_cast<std::uint16_t*>(blockK) + slot;
    auto* values = reinterpret_cast<std::uint16_t*>(blockV) + static_cast<std::ptrdiff_t>(slot) * headDim;
    for (int d = 0; d < headDim; d += kWidth, keys += kWidth * kBlockPositions) {
        const uint16x4_t halves = vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(k + d)));
        vst1_lane_u16(keys, halves, 0);
        vst1_lane_u16(keys + kBlockPositions, halves, 1);
        vst1_lane_u16(keys + 2 * kBlockPositions, halves, 2);
        vst1_lane_u16(keys + 3 * kBlockPositions, halves, 3);
        vst1_u16(values + d, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(v + d))));
    }
}

void storeKvF32(const float* k, const float* v, int headDim, int slot, std::byte* blockK, std::byte* blockV) {
    auto* keys = reinterpret_cast<float*>(blockK) + slot;
    auto* values = reinterpret_cast<float*>(blockV) + static_cast<std::ptrdiff_t>(slot) * headDim;
    for (int d = 0; d < headDim; ++d) {
        keys[static_cast<std::ptrdiff_t>(d) * kBlockPositions] = k[d];
        values[d] = v[d];
    }
}

void attentionMerge(const AttentionState& into, const AttentionState& next, int queries, int headDim) {
    for (int query = 0; query < queries; ++query) {
        const float m1 = into.m[query];
        const float m2 = next.m[query];
        if (m2 == -__builtin_inff()) {
            continue;
        }
        const float newMax = m1 > m2 ? m1 : m2;
        const float a1 = vgetq_lane_f32(exp2UpTo127(vdupq_n_f32(m1 - newMax)), 0);
        const float a2 = vgetq_lane_f32(exp2UpTo127(vdupq_n_f32(m2 - newMax)), 0);
        into.l[query] = __builtin_fmaf(next.l[query], a2, into.l[query] * a1);
        float* o1 = into.o + static_cast<std::ptrdiff_t>(query) * headDim;
        const float* o2 = next.o + static_cast<std::ptrdiff_t>(query) * headDim;
        for (int d = 0; d < headDim; d += kWidth) {
            const float32x4_t scaled = vmulq_n_f32(vld1q_f32(o1 + d), a1);
            vst1q_f32(o1 + d, vfmaq_n_f32(scaled, vld1q_f32(o2 + d), a2));
        }
        into.m[query] = newMax;
    }
}

void attentionFinish(const AttentionState& state, int rows, int group, int headDim, float* out,
                     std::ptrdiff_t outRowStride) {
    for (int query = 0; query < rows * group; ++query) {
        const float32x4_t sum = vdupq_n_f32(state.l[query]);
        const float* o = state.o + static_cast<std::ptrdiff_t>(query) * headDim;
        float* to = out + query / group * outRowStride + static_cast<std::ptrdiff_t>(query % group) * headDim;
        for (int d = 0; d < headDim; d += kWidth) {
            vst1q_f32(to + d, vdivq_f32(vld1q_f32(o + d), sum));
        }
    }
}

constexpr Kernels kRows = {
    .isa = "neon",
    .quantizeRow = quantizeRow,
    .rmsNorm = rmsNorm,
    .ropeInterleaved = ropeInterleaved,
    .ropeNeox = ropeNeox,
    .siluMul = siluMul,
    .expAndSum = expAndSum,
    .blockMaxima = neonBlockMaxima,
    .blockMasses = neonBlockMasses,
    .collectAbove = neonCollectAbove,
    .storeKv = {storeKvF16, storeKvF32},
    .attentionSpan = {neonAttentionSpanF16, neonAttentionSpanF32},
    .attentionMerge = attentionMerge,
    .attentionFinish = attentionFinish,
};

Kernels makeTable(const char* isa, void (*addMatmuls)(Kernels&)) {
    Kernels table = kRows;
    table.isa = isa;
    addMatmuls(table);
    return table;
}

}  // namespace

const Kernels* neonKernels() {
    static const Kernels table = makeTable("neon", neonMatmuls);
    return &table;
}

const Kernels* neonDotprodKernels() {
    static const Kernels table = makeTable("neon-dotprod", neonDotprodMatmuls);
    return &table;
}

const Kernels* neonI8mmKernels() {
    static const Kernels table = makeTable("neon-i8mm", neonI8mmMatmuls);
    return &table;
}

}  // namespace larder::kernels
