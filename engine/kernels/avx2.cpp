// The AVX2 table and its row-wise operations.
#include <immintrin.h>

#include "engine/kernels/avx2_kernels.h"
#include "engine/kernels/avx2_math.h"
#include "engine/kernels/half.h"
#include "engine/kernels/isa_tables.h"
#include "engine/kernels/math.h"

namespace larder::kernels {
namespace {

constexpr int kWidth = 8;

// Values [0, count) of x, count of 1 to 7, the other lanes 0.
inline __m256 loadFirst(const float* x, int count) {
    return _mm256_maskload_ps(x, firstLanes(count));
}

// A whole or (left < 8) partial register of a row.
inline __m256 loadUpTo(const float* x, int left) {
    return left >= kWidth ? _mm256_loadu_ps(x) : loadFirst(x, left);
}

inline void storeUpTo(float* y, int left, __m256 value) {
    if (left >= kWidth) {
        _mm256_storeu_ps(y, value);
    } else {
        _mm256_maskstore_ps(y, firstLanes(left), value);
    }
}

inline std::int32_t horizontalSum(__m256i x) {
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

inline std::int32_t horizontalMax(__m256i x) {
    const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    const __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

// x * inverse rounded, NaN as 0.
inline __m256i quantizeEight(__m256 x, __m256 inverse) {
    const __m256 scaled = _mm256_mul_ps(x, inverse);
    return _mm256_cvtps_epi32(_mm256_and_ps(scaled, _mm256_cmp_ps(scaled, scaled, _CMP_ORD_Q)));
}

void quantizeGroup(const float* x, std::int8_t* codes, float& scale, std::int32_t& sum, std::int32_t& firstSum,
                   float& scaledSum) {
    __m256 v[4];
    __m256i largest = _mm256_setzero_si256();
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        v[i] = _mm256_loadu_ps(x + kWidth * i);
        // Magnitudes compare as integers, and a NaN is above all of them.
        const __m256i size = _mm256_and_si256(_mm256_castps_si256(v[i]), _mm256_set1_epi32(0x7fffffff));
        largest = _mm256_max_epi32(largest, size);
    }
    const float amax = floatFromBits(static_cast<std::uint32_t>(horizontalMax(largest)));
    if (amax < 0x1p-100f) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes), _mm256_setzero_si256());
        scale = 0.0f;
        sum = 0;
        firstSum = 0;
        scaledSum = 0.0f;
        return;
    }
    scale = amax / 127.0f;
    const __m256 inverse = _mm256_set1_ps(127.0f / amax);
    __m256i q[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        q[i] = quantizeEight(v[i], inverse);
    }
    firstSum = horizontalSum(_mm256_add_epi32(q[0], q[1]));
    sum = firstSum + horizontalSum(_mm256_add_epi32(q[2], q[3]));
    scaledSum = scale * static_cast<float>(sum);
    const __m256i narrow = _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]), _mm256_packs_epi32(q[2], q[3]));
    const __m256i ordered = _mm256_permutevar8x32_epi32(narrow, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes), ordered);
}

void quantizeRow(const float* x, int columns, const TokenGroups& to) {
    for (std::ptrdiff_t g = 0; g < columns / kGroup; ++g) {
        const std::ptrdiff_t at = g * to.width;
        quantizeGroup(x + g * kGroup, to.codes + at * kGroup, to.scales[at], to.sums[at], to.firstSums[at],
                      to.scaledSums[at]);
    }
}

void rmsNorm(const float* x, const float* w, int n, float eps, float* y) {
    __m256 low = _mm256_setzero_ps();
    __m256 high = _mm256_setzero_ps();
    int i = 0;
    for (; i + 2 * kWidth <= n; i += 2 * kWidth) {
        const __m256 a = _mm256_loadu_ps(x + i);
        const __m256 b = _mm256_loadu_ps(x + i + kWidth);
        low = _mm256_fmadd_ps(a, a, low);
        high = _mm256_fmadd_ps(b, b, high);
    }
    if (i < n) {
        const __m256 a = loadUpTo(x + i, n - i);
        low = _mm256_fmadd_ps(a, a, low);
    }
    if (i + kWidth < n) {
        const __m256 b = loadFirst(x + i + kWidth, n - i - kWidth);
        high = _mm256_fmadd_ps(b, b, high);
    }
    const float mean = sumTree(low, high) / static_cast<float>(n);
    const float s = 1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(mean + eps)));
    const __m256 scale = _mm256_set1_ps(s);
    for (i = 0; i < n; i += kWidth) {
        const __m256 scaled = _mm256_mul_ps(loadUpTo(x + i, n - i), scale);
        storeUpTo(y + i, n - i, _mm256_mul_ps(scaled, loadUpTo(w + i, n - i)));
    }
}

inline void rotatePair(float& a, float& b, float c, float s) {
    const float first = __builtin_fmaf(a, c, -(b * s));
    b = __builtin_fmaf(a, s, b * c);
    a = first;
}

// 4 pairs (a0 b0 a1 b1 ...): even lanes fma(a, c, -(b s)), odd lanes fma(a, s, b c).
void ropeInterleaved(float* x, int heads, int headDim, int pairs, const float* cosines, const float* sines) {
    const __m256 evenSign = _mm256_setr_ps(-0.0f, 0.0f, -0.0f, 0.0f, -0.0f, 0.0f, -0.0f, 0.0f);
    for (int h = 0; h < heads; ++h) {
        float* head = x + static_cast<std::ptrdiff_t>(h) * headDim;
        int i = 0;
        for (; i + 4 <= pairs; i += 4) {
            const __m128 c = _mm_loadu_ps(cosines + i);
            const __m128 s = _mm_loadu_ps(sines + i);
            const __m256 cs = _mm256_set_m128(_mm_unpackhi_ps(c, s), _mm_unpacklo_ps(c, s));
            const __m256 sc = _mm256_set_m128(_mm_unpackhi_ps(s, c), _mm_unpacklo_ps(s, c));
            const __m256 v = _mm256_loadu_ps(head + 2 * i);
            const __m256 product = _mm256_mul_ps(_mm256_movehdup_ps(v), sc);  // b s, b c
            const __m256 added = _mm256_xor_ps(product, evenSign);
            _mm256_storeu_ps(head + 2 * i, _mm256_fmadd_ps(_mm256_moveldup_ps(v), cs, added));
        }
        for (; i < pairs; ++i) {
            rotatePair(head[2 * i], head[2 * i + 1], cosines[i], sines[i]);
        }
    }
}

void ropeNeox(float* x, int heads, int headDim, int pairs, const float* cosines, const float* sines) {
    const __m256 minus = _mm256_set1_ps(-0.0f);
    for (int h = 0; h < heads; ++h) {
        float* first = x + static_cast<std::ptrdiff_t>(h) * headDim;
        float* second = first + pairs;
        int i = 0;
        for (; i + kWidth <= pairs; i += kWidth) {
            const __m256 c = _mm256_loadu_ps(cosines + i);
            const __m256 s = _mm256_loadu_ps(sines + i);
            const __m256 a = _mm256_loadu_ps(first + i);
            const __m256 b = _mm256_loadu_ps(second + i);
            _mm256_storeu_ps(first + i, _mm256_fmadd_ps(a, c, _mm256_xor_ps(_mm256_mul_ps(b, s), minus)));
            _mm256_storeu_ps(second + i, _mm256_fmadd_ps(a, s, _mm256_mul_ps(b, c)));
        }
        for (; i < pairs; ++i) {
            rotatePair(first[i], second[i], cosines[i], sines[i]);
        }
    }
}

void siluMul(const float* gate, const float* up, int n, float* y) {
    const __m256 one = _mm256_set1_ps(1.0f);
    const __m256 limit = _mm256_set1_ps(126.0f);
    for (int i = 0; i < n; i += kWidth) {
        const __m256 g = loadUpTo(gate + i, n - i);
        __m256 t = _mm256_mul_ps(_mm256_xor_ps(g, _mm256_set1_ps(-0.0f)), _mm256_set1_ps(kLog2e));
        t = _mm256_max_ps(_mm256_set1_ps(-126.0f), t);  // a NaN in the second operand stays
        t = _mm256_min_ps(limit, t);
        const __m256 silu = _mm256_div_ps(g, _mm256_add_ps(one, exp2UpTo127(t)));
        storeUpTo(y + i, n - i, _mm256_mul_ps(silu, loadUpTo(up + i, n - i)));
    }
}

float expAndSum(const float* x, int n, float shift, float scale, float* out) {
    const __m256 shifts = _mm256_set1_ps(shift);
    const __m256 scales = _mm256_set1_ps(scale);
    __m256 sums[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    for (int i = 0; i < n; i += kWidth) {
        const __m256 t = _mm256_mul_ps(_mm256_sub_ps(loadUpTo(x + i, n - i), shifts), scales);
        __m256 e = exp2Vector(t);
        if (n - i < kWidth) {
            e = _mm256_and_ps(e, _mm256_castsi256_ps(firstLanes(n - i)));
        }
        storeUpTo(out + i, n - i, e);
        __m256& sum = sums[i / kWidth % 2];
        sum = _mm256_add_ps(sum, e);
    }
    return sumTree(sums[0], sums[1]);
}

// ---- cache
// -----------------------------------------------------------------------------------------------------------

void storeKvF16(const float* k, const float* v, int headDim, int slot, std::byte* blockK, std::byte* blockV) {
    auto* keys = reinterpret_cast<std::uint16_t*>(blockK) + slot;
    auto* values = reinterpret_cast<std::uint16_t*>(blockV) + static_cast<std::ptrdiff_t>(slot) * headDim;
    // Each of a key's values lies in a line of its own, which in a batch has long left the cache: asked for all at once.
    for (int d = 0; d < headDim; ++d) {
        _mm_prefetch(reinterpret_cast<const char*>(keys + static_cast<std::ptrdiff_t>(d) * kBlockPositions), _MM_HINT_T0);
    }
    for (int d = 0; d < headDim; d += kWidth) {
        alignas(16) std::uint16_t halves[kWidth];
        _mm_store_si128(reinterpret_cast<__m128i*>(halves),
                        _mm256_cvtps_ph(_mm256_loadu_ps(k + d), _MM_FROUND_TO_NEAREST_INT));
        for (int i = 0; i < kWidth; ++i) {
            keys[static_cast<std::ptrdiff_t>(d + i) * kBlockPositions] = halves[i];
        }
        _mm_storeu_si128(reinterpret_cast<__m128i*>(values + d),
                         _mm256_cvtps_ph(_mm256_loadu_ps(v + d), _MM_FROUND_TO_NEAREST_INT));
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
        const __m256 a1 = exp2UpTo127(_mm256_set1_ps(m1 - newMax));
        const __m256 a2 = exp2UpTo127(_mm256_set1_ps(m2 - newMax));
        into.l[query] = __builtin_fmaf(next.l[query], _mm256_cvtss_f32(a2), into.l[query] * _mm256_cvtss_f32(a1));
        float* o1 = into.o + static_cast<std::ptrdiff_t>(query) * headDim;
        const float* o2 = next.o + static_cast<std::ptrdiff_t>(query) * headDim;
        for (int d = 0; d < headDim; d += kWidth) {
            const __m256 kept = _mm256_mul_ps(_mm256_loadu_ps(o1 + d), a1);
            _mm256_storeu_ps(o1 + d, _mm256_fmadd_ps(_mm256_loadu_ps(o2 + d), a2, kept));
        }
        into.m[query] = newMax;
    }
}

void attentionFinish(const AttentionState& state, int rows, int group, int headDim, float* out,
                     std::ptrdiff_t outRowStride) {
    for (int query = 0; query < rows * group; ++query) {
        const __m256 l = _mm256_set1_ps(state.l[query]);
        const float* o = state.o + static_cast<std::ptrdiff_t>(query) * headDim;
        float* to = out + query / group * outRowStride + static_cast<std::ptrdiff_t>(query % group) * headDim;
        for (int d = 0; d < headDim; d += kWidth) {
            _mm256_storeu_ps(to + d, _mm256_div_ps(_mm256_loadu_ps(o + d), l));
        }
    }
}

constexpr Kernels kRows = {
    .isa = "avx2",
    .quantizeRow = quantizeRow,
    .rmsNorm = rmsNorm,
    .ropeInterleaved = ropeInterleaved,
    .ropeNeox = ropeNeox,
    .siluMul = siluMul,
    .expAndSum = expAndSum,
    .blockMaxima = avx2BlockMaxima,
    .blockMasses = avx2BlockMasses,
    .collectAbove = avx2CollectAbove,
    .storeKv = {storeKvF16, storeKvF32},
    .attentionSpan = {avx2AttentionSpanF16, avx2AttentionSpanF32},
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

const Kernels* avx2Kernels() {
    static const Kernels table = makeTable("avx2", avx2Matmuls);
    return &table;
}

const Kernels* avx2VnniKernels() {
    static const Kernels table = makeTable("avx2-vnni", avx2VnniMatmuls);
    return &table;
}

const Kernels* avx512vlVnniKernels() {
    static const Kernels table = makeTable("avx2-vnni", avx512vlVnniMatmuls);
    return &table;
}

}  // namespace larder::kernels
