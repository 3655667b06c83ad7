// Attention over one span for NEON: tiles of 1 to 6 queries share every load of K and V.
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/neon_kernels.h"
#include "engine/kernels/neon_math.h"

namespace larder::kernels {
namespace {

constexpr int kWidth = 4;
constexpr int kTileQueries = 6;
constexpr float kMinusInfinity = -__builtin_inff();

struct HalfCache {
    static constexpr std::ptrdiff_t kBytes = 2;
    static void load8(const std::byte* at, float32x4_t& low, float32x4_t& high) {
        const uint16x8_t halves = vld1q_u16(reinterpret_cast<const std::uint16_t*>(at));
        low = vcvt_f32_f16(vreinterpret_f16_u16(vget_low_u16(halves)));
        high = vcvt_high_f32_f16(vreinterpretq_f16_u16(halves));
    }
};
struct FloatCache {
    static constexpr std::ptrdiff_t kBytes = 4;
    static void load8(const std::byte* at, float32x4_t& low, float32x4_t& high) {
        low = vld1q_f32(reinterpret_cast<const float*>(at));
        high = vld1q_f32(reinterpret_cast<const float*>(at) + kWidth);
    }
};

// What a tile of T queries holds while it walks through a span. o lives in the caller's state.
template <int T>
struct TileState {
    alignas(64) float q[kMaxHeadDim * T];           // [headDim, T], scaled
    alignas(64) float scores[T * kBlockPositions];  // [T, 64]: scores, then their powers
    alignas(16) float maxima[2 * kWidth];           // [T]
    alignas(16) float newMaxima[2 * kWidth];
    alignas(16) float decay[2 * kWidth];  // exp2(old maximum - new maximum)
    float32x4_t sums[T][4];               // 16 partial sums each
    int visible[T];                       // positions of the current block each query sees, ascending
    float* o;                             // [T, headDim]
};

// Registers of keys (or dims) that T queries take at a time: T V sums, V or T operands and one more fit in 32, and
// there are enough sums to hide the latency of an fma.
constexpr int registersFor(int queries) {
    return queries == 1 ? 16 : queries <= 3 ? 8 : 4;
}

// acc[i][v] += a[i * stride] * x[v] for T scalars and the 4 V values at `at`.
template <class Cache, int T, int V>
inline void addProducts(const std::byte* at, const float* a, std::ptrdiff_t stride, float32x4_t (&acc)[T][V]) {
#pragma GCC unroll 8
    for (int v = 0; v < V; v += 2) {
        float32x4_t x[2];
        Cache::load8(at + v * kWidth * Cache::kBytes, x[0], x[1]);
#pragma GCC unroll 8
        for (int i = 0; i < T; ++i) {
            acc[i][v] = vfmaq_n_f32(acc[i][v], x[0], a[i * stride]);
            acc[i][v + 1] = vfmaq_n_f32(acc[i][v + 1], x[1], a[i * stride]);
        }
    }
}

// Scores of all queries with 4 V keys.
template <class Cache, int T, int V>
inline void scoreKeys(const std::byte* keys, const float* q, int headDim, float* scores) {
    float32x4_t acc[T][V];
#pragma GCC unroll 32
    for (int i = 0; i < T * V; ++i) {
        acc[i / V][i % V] = vdupq_n_f32(0.0f);
    }
    for (int d = 0; d < headDim; ++d, keys += kBlockPositions * Cache::kBytes, q += T) {
        addProducts<Cache, T, V>(keys, q, 1, acc);
    }
#pragma GCC unroll 32
    for (int i = 0; i < T * V; ++i) {
        vst1q_f32(scores + i / V * kBlockPositions + i % V * kWidth, acc[i / V][i % V]);
    }
}

// max(previous, the first `visible` scores); maxnm passes over a NaN score (its power will be NaN).
inline float blockMax(const float* scores, int visible, float previous) {
    float32x4_t largest = vdupq_n_f32(previous);
    int j = 0;
    for (; j + kWidth <= visible; j += kWidth) {
        largest = vmaxnmq_f32(largest, vld1q_f32(scores + j));
    }
    if (j < visible) {
        const float32x4_t s = vbslq_f32(firstLanes(visible - j), vld1q_f32(scores + j), largest);
        largest = vmaxnmq_f32(largest, s);
    }
    return vmaxnmvq_f32(largest);
}

// Scores become powers (0 where left out), which are added to the partial sums.
inline void powers(float* scores, int visible, float newMax, float decay, float32x4_t (&sums)[4]) {
    const float32x4_t shift = vdupq_n_f32(newMax);
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
        sums[r] = vmulq_n_f32(sums[r], decay);
    }
    for (int j = 0; j < visible; j += 4 * kWidth) {
#pragma GCC unroll 4
        for (int r = 0; r < 4; ++r) {
            const int at = j + r * kWidth;
            const float32x4_t p = exp2UpTo127(vsubq_f32(vld1q_f32(scores + at), shift));
            const uint32x4_t kept = vandq_u32(vreinterpretq_u32_f32(p), firstLanes(visible - at));
            vst1q_f32(scores + at, vreinterpretq_f32_u32(kept));
            sums[r] = vaddq_f32(sums[r], vreinterpretq_f32_u32(kept));
        }
    }
}

// New maxima, powers, sums and decays of a tile.
template <int T>
inline void softmaxBlock(TileState<T>& tile) {
    for (int i = 0; i < T; ++i) {
        tile.newMaxima[i] = blockMax(tile.scores + i * kBlockPositions, tile.visible[i], tile.maxima[i]);
    }
    for (int i = 0; i < T; i += kWidth) {
        const float32x4_t old = vld1q_f32(tile.maxima + i);
        const float32x4_t now = vld1q_f32(tile.newMaxima + i);
        const uint32x4_t fresh = vceqq_f32(old, vdupq_n_f32(kMinusInfinity));
        const uint32x4_t decay = vreinterpretq_u32_f32(exp2UpTo127(vsubq_f32(old, now)));
        vst1q_f32(tile.decay + i, vreinterpretq_f32_u32(vbicq_u32(decay, fresh)));
        vst1q_f32(tile.maxima + i, now);
    }
    for (int i = 0; i < T; ++i) {
        if (tile.visible[i] > 0) {
            powers(tile.scores + i * kBlockPositions, tile.visible[i], tile.newMaxima[i], tile.decay[i], tile.sums[i]);
        } else {
            tile.decay[i] = 1.0f;
        }
    }
}

// o = o * decay + sum over the first `count` positions, for 4 V dims of every query.
template <class Cache, int T, int V>
inline void weighValues(const std::byte* values, std::ptrdiff_t rowBytes, int count, const float* p, const float* decay,
                        float* o, int headDim) {
    float32x4_t acc[T][V];
#pragma GCC unroll 32
    for (int i = 0; i < T * V; ++i) {
        acc[i / V][i % V] = vmulq_n_f32(vld1q_f32(o + i / V * headDim + i % V * kWidth), decay[i / V]);
    }
    for (int j = 0; j < count; ++j, values += rowBytes) {
        addProducts<Cache, T, V>(values, p + j, kBlockPositions, acc);
    }
#pragma GCC unroll 32
    for (int i = 0; i < T * V; ++i) {
        vst1q_f32(o + i / V * headDim + i % V * kWidth, acc[i / V][i % V]);
    }
}

// The positions of a diagonal block that only some queries see: no other query may touch them, since even 0 * V is NaN
// where V is infinite.
template <class Cache>
inline void weighRest(const std::byte* values, std::ptrdiff_t rowBytes, int first, int last, const float* p, float* o,
                      int headDim) {
    for (int j = first; j < last; ++j) {
        const std::byte* row = values + j * rowBytes;
        for (int d = 0; d < headDim; d += 2 * kWidth) {
            float32x4_t acc[1][2] = {{vld1q_f32(o + d), vld1q_f32(o + d + kWidth)}};
            addProducts<Cache, 1, 2>(row + d * Cache::kBytes, p + j, 1, acc);
            vst1q_f32(o + d, acc[0][0]);
            vst1q_f32(o + d + kWidth, acc[0][1]);
        }
    }
}

template <class Cache, int T>
void addBlock(TileState<T>& tile, int headDim, const std::byte* keys, const std::byte* values) {
    constexpr int V = registersFor(T);
    const int last = tile.visible[T - 1];
    for (int j = 0; j < last; j += V * kWidth) {
        scoreKeys<Cache, T, V>(keys + j * Cache::kBytes, tile.q, headDim, tile.scores + j);
    }
    softmaxBlock<T>(tile);
    const std::ptrdiff_t rowBytes = headDim * Cache::kBytes;
    const int shared = tile.visible[0];
    int d = 0;
    for (; d + V * kWidth <= headDim; d += V * kWidth) {
        weighValues<Cache, T, V>(values + d * Cache::kBytes, rowBytes, shared, tile.scores, tile.decay, tile.o + d,
                                 headDim);
    }
    for (; d < headDim; d += 2 * kWidth) {
        weighValues<Cache, T, 2>(values + d * Cache::kBytes, rowBytes, shared, tile.scores, tile.decay, tile.o + d,
                                 headDim);
    }
    for (int i = 1; i < T; ++i) {
        weighRest<Cache>(values, rowBytes, shared, tile.visible[i], tile.scores + i * kBlockPositions,
                         tile.o + i * headDim, headDim);
    }
}

template <int T>
void startTile(TileState<T>& tile, const AttentionArgs& args, int firstQuery, float* o) {
    tile.o = o;
    for (int i = 0; i < T; ++i) {
        const int query = firstQuery + i;
        const float* q = args.q + query / args.group * args.qRowStride +
                         static_cast<std::ptrdiff_t>(query % args.group) * args.headDim;
        for (int d = 0; d < args.headDim; ++d) {
            tile.q[d * T + i] = q[d] * args.scale;
            o[i * args.headDim + d] = 0.0f;
        }
        for (float32x4_t& sum : tile.sums[i]) {
            sum = vdupq_n_f32(0.0f);
        }
    }
    for (int i = 0; i < 2 * kWidth; ++i) {
        tile.maxima[i] = kMinusInfinity;
        tile.newMaxima[i] = kMinusInfinity;
    }
}

template <class Cache, int T>
void attendTile(const AttentionArgs& args, int span, int firstQuery, const AttentionState& out) {
    TileState<T> tile;
    startTile<T>(tile, args, firstQuery, out.o + static_cast<std::ptrdiff_t>(firstQuery) * args.headDim);
    for (int first = span * kSpanPositions; first < (span + 1) * kSpanPositions; first += kBlockPositions) {
        for (int i = 0; i < T; ++i) {
            const int visible = args.firstPosition + (firstQuery + i) / args.group + 1 - first;
            tile.visible[i] = visible < 0 ? 0 : visible > kBlockPositions ? kBlockPositions : visible;
        }
        if (tile.visible[T - 1] == 0) {
            break;
        }
        const std::byte* block = args.blocks[first / kBlockPositions];
        addBlock<Cache, T>(tile, args.headDim, block + args.kOffset, block + args.vOffset);
    }
    for (int i = 0; i < T; ++i) {
        out.m[firstQuery + i] = tile.maxima[i];
        out.l[firstQuery + i] = sumTree(tile.sums[i]);
    }
}

template <class Cache>
void attentionSpan(const AttentionArgs& args, int span, const AttentionState& out) {
    const int queries = args.rows * args.group;
    for (int query = 0; query < queries;) {
        const int left = queries - query;
        const int count = left == 7 || left == 8 ? 4 : left < kTileQueries ? left : kTileQueries;
        switch (count) {
            case 1:
                attendTile<Cache, 1>(args, span, query, out);
                break;
            case 2:
                attendTile<Cache, 2>(args, span, query, out);
                break;
            case 3:
                attendTile<Cache, 3>(args, span, query, out);
                break;
            case 4:
                attendTile<Cache, 4>(args, span, query, out);
                break;
            case 5:
                attendTile<Cache, 5>(args, span, query, out);
                break;
            default:
                attendTile<Cache, kTileQueries>(args, span, query, out);
                break;
        }
        query += count;
    }
}

}  // namespace

void neonAttentionSpanF16(const AttentionArgs& args, int span, const AttentionState& out) {
    attentionSpan<HalfCache>(args, span, out);
}

void neonAttentionSpanF32(const AttentionArgs& args, int span, const AttentionState& out) {
    attentionSpan<FloatCache>(args, span, out);
}

}  // namespace larder::kernels
