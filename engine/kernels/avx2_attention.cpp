// Attention over one span for AVX2 + FMA + F16C: tiles of 1 to 6 queries share every load of K and V.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/avx2_kernels.h"
#include "engine/kernels/avx2_math.h"

namespace larder::kernels {
namespace {

constexpr int kWidth = 8;
constexpr int kTileQueries = 6;
constexpr float kMinusInfinity = -__builtin_inff();

struct HalfCache {
    static constexpr std::ptrdiff_t kBytes = 2;
    static __m256 load(const std::byte* at) {
        return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    }
};
struct FloatCache {
    static constexpr std::ptrdiff_t kBytes = 4;
    static __m256 load(const std::byte* at) { return _mm256_loadu_ps(reinterpret_cast<const float*>(at)); }
};

// What a tile of T queries holds while it walks through a span. o lives in the caller's state.
template <int T>
struct TileState {
    alignas(64) float q[kMaxHeadDim * T];           // [headDim, T], scaled
    alignas(64) float scores[T * kBlockPositions];  // [T, 64]: scores, then their powers
    alignas(32) float maxima[kWidth];               // [T]
    alignas(32) float newMaxima[kWidth];
    alignas(32) float decay[kWidth];  // exp2(old maximum - new maximum)
    __m256 sums[T][2];                // 16 partial sums each
    int visible[T];                   // positions of the current block each query sees, ascending
    float* o;                         // [T, headDim]
};

// Registers of keys (or dims) that T queries take at a time: as many as 16 registers hold.
constexpr int registersFor(int queries) {
    return queries == 1 ? 8 : queries <= 3 ? 4 : 2;
}

// Scores of all queries with 8 V keys.
template <class Cache, int T, int V>
inline void scoreKeys(const std::byte* keys, const float* q, int headDim, float* scores) {
    __m256 acc[T][V];
#pragma GCC unroll 8
    for (int i = 0; i < T * V; ++i) {
        acc[i / V][i % V] = _mm256_setzero_ps();
    }
    for (int d = 0; d < headDim; ++d, keys += kBlockPositions * Cache::kBytes, q += T) {
        if constexpr (V <= 2) {
            __m256 k[V];
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) {
                k[v] = Cache::load(keys + v * kWidth * Cache::kBytes);
            }
#pragma GCC unroll 8
            for (int i = 0; i < T; ++i) {
                const __m256 value = _mm256_broadcast_ss(q + i);
#pragma GCC unroll 8
                for (int v = 0; v < V; ++v) {
                    acc[i][v] = _mm256_fmadd_ps(value, k[v], acc[i][v]);
                }
            }
        } else {
            __m256 value[T];
#pragma GCC unroll 8
            for (int i = 0; i < T; ++i) {
                value[i] = _mm256_broadcast_ss(q + i);
            }
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) {
                const __m256 k = Cache::load(keys + v * kWidth * Cache::kBytes);
#pragma GCC unroll 8
                for (int i = 0; i < T; ++i) {
                    acc[i][v] = _mm256_fmadd_ps(value[i], k, acc[i][v]);
                }
            }
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < T * V; ++i) {
        _mm256_store_ps(scores + i / V * kBlockPositions + i % V * kWidth, acc[i / V][i % V]);
    }
}

inline float horizontalMax(__m256 x) {
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    four = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

// max(previous, the first `visible` scores); a NaN score is passed over (its power will be NaN).
inline float blockMax(const float* scores, int visible, float previous) {
    __m256 largest = _mm256_set1_ps(previous);
    int j = 0;
    for (; j + kWidth <= visible; j += kWidth) {
        largest = _mm256_max_ps(_mm256_load_ps(scores + j), largest);
    }
    if (j < visible) {
        const __m256 kept = _mm256_castsi256_ps(firstLanes(visible - j));
        const __m256 s = _mm256_blendv_ps(_mm256_set1_ps(kMinusInfinity), _mm256_load_ps(scores + j), kept);
        largest = _mm256_max_ps(s, largest);
    }
    return horizontalMax(largest);
}

// Scores become powers (0 where left out), which are added to the partial sums.
inline void powers(float* scores, int visible, float newMax, float decay, __m256 (&sums)[2]) {
    const __m256 shift = _mm256_set1_ps(newMax);
    sums[0] = _mm256_mul_ps(sums[0], _mm256_set1_ps(decay));
    sums[1] = _mm256_mul_ps(sums[1], _mm256_set1_ps(decay));
    for (int j = 0; j < visible; j += kWidth) {
        __m256 p = exp2UpTo127(_mm256_sub_ps(_mm256_load_ps(scores + j), shift));
        if (visible - j < kWidth) {
            p = _mm256_and_ps(p, _mm256_castsi256_ps(firstLanes(visible - j)));
        }
        _mm256_store_ps(scores + j, p);
        __m256& sum = sums[j / kWidth % 2];
        sum = _mm256_add_ps(sum, p);
    }
}

// New maxima, powers, sums and decays of a tile.
template <int T>
inline void softmaxBlock(TileState<T>& tile) {
    for (int i = 0; i < T; ++i) {
        tile.newMaxima[i] = blockMax(tile.scores + i * kBlockPositions, tile.visible[i], tile.maxima[i]);
    }
    const __m256 old = _mm256_load_ps(tile.maxima);
    const __m256 now = _mm256_load_ps(tile.newMaxima);
    const __m256 started = _mm256_cmp_ps(old, _mm256_set1_ps(kMinusInfinity), _CMP_NEQ_UQ);
    _mm256_store_ps(tile.decay, _mm256_and_ps(exp2UpTo127(_mm256_sub_ps(old, now)), started));
    _mm256_store_ps(tile.maxima, now);
    for (int i = 0; i < T; ++i) {
        if (tile.visible[i] > 0) {
            powers(tile.scores + i * kBlockPositions, tile.visible[i], tile.newMaxima[i], tile.decay[i], tile.sums[i]);
        } else {
            tile.decay[i] = 1.0f;
        }
    }
}

// o = o * decay + sum over the first `count` positions, for 8 V dims of every query.
template <class Cache, int T, int V>
inline void weighValues(const std::byte* values, std::ptrdiff_t rowBytes, int count, const float* p, const float* decay,
                        float* o, int headDim) {
    __m256 acc[T][V];
#pragma GCC unroll 16
    for (int i = 0; i < T * V; ++i) {
        acc[i / V][i % V] =
            _mm256_mul_ps(_mm256_loadu_ps(o + i / V * headDim + i % V * kWidth), _mm256_broadcast_ss(decay + i / V));
    }
    for (int j = 0; j < count; ++j, values += rowBytes) {
        if constexpr (V <= 2) {
            __m256 x[V];
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) {
                x[v] = Cache::load(values + v * kWidth * Cache::kBytes);
            }
#pragma GCC unroll 8
            for (int i = 0; i < T; ++i) {
                const __m256 weight = _mm256_broadcast_ss(p + i * kBlockPositions + j);
#pragma GCC unroll 8
                for (int v = 0; v < V; ++v) {
                    acc[i][v] = _mm256_fmadd_ps(weight, x[v], acc[i][v]);
                }
            }
        } else {
            __m256 weight[T];
#pragma GCC unroll 8
            for (int i = 0; i < T; ++i) {
                weight[i] = _mm256_broadcast_ss(p + i * kBlockPositions + j);
            }
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) {
                const __m256 x = Cache::load(values + v * kWidth * Cache::kBytes);
#pragma GCC unroll 8
                for (int i = 0; i < T; ++i) {
                    acc[i][v] = _mm256_fmadd_ps(weight[i], x, acc[i][v]);
                }
            }
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < T * V; ++i) {
        _mm256_storeu_ps(o + i / V * headDim + i % V * kWidth, acc[i / V][i % V]);
    }
}

// The positions of a diagonal block that only some queries see: no other query may touch them, since even 0 * V is NaN
// where V is infinite.
template <class Cache>
inline void weighRest(const std::byte* values, std::ptrdiff_t rowBytes, int first, int last, const float* p, float* o,
                      int headDim) {
    for (int j = first; j < last; ++j) {
        const __m256 weight = _mm256_broadcast_ss(p + j);
        const std::byte* row = values + j * rowBytes;
        for (int d = 0; d < headDim; d += kWidth) {
            const __m256 x = Cache::load(row + d * Cache::kBytes);
            _mm256_storeu_ps(o + d, _mm256_fmadd_ps(weight, x, _mm256_loadu_ps(o + d)));
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
    for (; d < headDim; d += kWidth) {
        weighValues<Cache, T, 1>(values + d * Cache::kBytes, rowBytes, shared, tile.scores, tile.decay, tile.o + d,
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
        tile.sums[i][0] = _mm256_setzero_ps();
        tile.sums[i][1] = _mm256_setzero_ps();
    }
    for (int i = 0; i < kWidth; ++i) {
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
        out.l[firstQuery + i] = sumTree(tile.sums[i][0], tile.sums[i][1]);
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

void avx2AttentionSpanF16(const AttentionArgs& args, int span, const AttentionState& out) {
    attentionSpan<HalfCache>(args, span, out);
}

void avx2AttentionSpanF32(const AttentionArgs& args, int span, const AttentionState& out) {
    attentionSpan<FloatCache>(args, span, out);
}

}  // namespace larder::kernels
