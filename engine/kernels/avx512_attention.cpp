// Attention over one span for AVX-512: tiles of 1 to 6 queries x 64 keys (or dims) share every load of K and V.
#include "engine/kernels/avx512_intrinsics.h"

#include <cstddef>
#include <cstdint>

#include "engine/kernels/avx512_kernels.h"
#include "engine/kernels/exp2_polynomial.h"

namespace larder::kernels {
namespace {

constexpr int kWidth = 16;
constexpr int kTileQueries = 6;
constexpr int kTileRegisters = 4;  // of keys or dims: 6 x 4 sums, 4 loaded, 1 broadcast fill 29 of 32 registers
constexpr int kWidenedQueries = 3 * kTileQueries;  // from so many on, halves are converted once for all tiles
constexpr float kMinusInfinity = -__builtin_inff();

struct HalfCache {
    static constexpr std::ptrdiff_t kBytes = 2;
    static __m512 load(const std::byte* at) {
        return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    }
    static __m512 loadEight(const std::byte* at) {
        return _mm512_cvtph_ps(_mm256_zextsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
    }
};
struct FloatCache {
    static constexpr std::ptrdiff_t kBytes = 4;
    static __m512 load(const std::byte* at) { return _mm512_loadu_ps(reinterpret_cast<const float*>(at)); }
    static __m512 loadEight(const std::byte* at) {
        return _mm512_maskz_loadu_ps(0xff, reinterpret_cast<const float*>(at));
    }
};

inline __mmask16 firstLanes(int count) {
    return static_cast<__mmask16>(count >= kWidth ? 0xffffu : (1u << count) - 1u);
}

// exp2Scalar for every lane that is not above 127.
inline __m512 exp2UpTo127(__m512 x) {
    const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 f = _mm512_sub_ps(x, n);
    __m512 p = _mm512_fmadd_ps(f, _mm512_set1_ps(kExp2C6), _mm512_set1_ps(kExp2C5));
    p = _mm512_fmadd_ps(f, p, _mm512_set1_ps(kExp2C4));
    p = _mm512_fmadd_ps(f, p, _mm512_set1_ps(kExp2C3));
    p = _mm512_fmadd_ps(f, p, _mm512_set1_ps(kExp2C2));
    p = _mm512_fmadd_ps(f, p, _mm512_set1_ps(kExp2C1));
    p = _mm512_fmadd_ps(f, p, _mm512_set1_ps(1.0f));
    const __m512i exponent = _mm512_slli_epi32(_mm512_cvtps_epi32(n), 23);  // 0 for NaN, which p keeps
    const __m512 power = _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p), exponent));
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_set1_ps(-126.0f), _CMP_NLT_UQ), power);
}

// The tree +8, +4, +2, +1.
inline float sumTree(__m512 lanes) {
    alignas(64) float x[kWidth];
    _mm512_store_ps(x, lanes);
    const __m256 eight = _mm256_add_ps(_mm256_load_ps(x), _mm256_load_ps(x + 8));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

inline float horizontalMax(__m512 lanes) {
    alignas(64) float x[kWidth];
    _mm512_store_ps(x, lanes);
    const __m256 eight = _mm256_max_ps(_mm256_load_ps(x), _mm256_load_ps(x + 8));
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

// What a tile of T queries holds while it walks through a span. o lives in the caller's state.
template <int T>
struct TileState {
    alignas(64) float q[T * kMaxHeadDim];           // [T, kMaxHeadDim], scaled
    alignas(64) float scores[T * kBlockPositions];  // [T, 64]: scores, then their powers
    alignas(64) float maxima[kWidth];               // [T]
    alignas(64) float newMaxima[kWidth];
    alignas(64) float decay[kWidth];  // exp2(old maximum - new maximum)
    __m512 sums[T];                   // 16 partial sums each
    int visible[T];                   // positions of the current block each query sees, ascending
    float* o;                         // [T, headDim]
};

// Asks for memory beside a loop over `rows` rows that reads `steps` steps of the walk: for about as many, for twice as many
// until the distance is reached. Never in a burst, which would hold up the loop's own loads.
template <class Cache>
class AskAhead {
public:
    AskAhead(KvWalk* walk, int steps, int rows) : m_walk(walk) {
        if (walk == nullptr) {
            return;
        }
        constexpr int kStepsPerRow = static_cast<int>(Cache::kBytes) / 2;
        m_each = walk->ahead > kKvStepsAhead ? 0 : walk->ahead > kKvStepsAhead / 2 ? kStepsPerRow : 2 * kStepsPerRow;
        if (walk->ready < m_each * rows) {
            walk->more(*walk);
        }
        if (walk->ready < m_each * rows) {
            m_each = 0;
        }
        walk->ready -= m_each * rows;
        walk->ahead += m_each * rows - steps;
        m_run = walk->runs[walk->first];
    }
    ~AskAhead() {
        if (m_walk != nullptr) {
            m_walk->runs[m_walk->first] = m_run;
        }
    }
    AskAhead(const AskAhead&) = delete;
    AskAhead& operator=(const AskAhead&) = delete;

    void row() {
        for (int i = 0; i < m_each; ++i) {
            _mm_prefetch(reinterpret_cast<const char*>(m_run.at), _MM_HINT_T1);
            _mm_prefetch(reinterpret_cast<const char*>(m_run.at + m_run.second), _MM_HINT_T1);
            m_run.at += m_run.stride;
            if (--m_run.steps == 0) {
                m_run = m_walk->runs[++m_walk->first];
            }
        }
    }

private:
    KvWalk* m_walk;
    KvRun m_run;
    int m_each = 0;  // steps a row
};

// Scores of all queries with the first 16 V keys of a block.
template <class Cache, int T, int V>
inline void scoreKeys(const std::byte* keys, const float* q, int headDim, float* scores, KvWalk* walk, int steps) {
    AskAhead<Cache> ahead(walk, steps, headDim);
    __m512 acc[T][V];
#pragma GCC unroll 24
    for (int i = 0; i < T * V; ++i) {
        acc[i / V][i % V] = _mm512_setzero_ps();
    }
    constexpr std::ptrdiff_t kRowBytes = kBlockPositions * Cache::kBytes;
    for (int d = 0; d < headDim; ++d, keys += kRowBytes, ++q) {
        ahead.row();
        __m512 k[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
            k[v] = Cache::load(keys + v * kWidth * Cache::kBytes);
        }
#pragma GCC unroll 6
        for (int i = 0; i < T; ++i) {
            const __m512 value = _mm512_set1_ps(q[i * kMaxHeadDim]);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) {
                acc[i][v] = _mm512_fmadd_ps(value, k[v], acc[i][v]);
            }
        }
    }
#pragma GCC unroll 24
    for (int i = 0; i < T * V; ++i) {
        _mm512_store_ps(scores + i / V * kBlockPositions + i % V * kWidth, acc[i / V][i % V]);
    }
}

// max(previous, the first `visible` scores); a NaN score is passed over (its power will be NaN).
inline float blockMax(const float* scores, int visible, float previous) {
    __m512 largest = _mm512_set1_ps(previous);
    for (int j = 0; j < visible; j += kWidth) {
        const __m512 s =
            _mm512_mask_mov_ps(_mm512_set1_ps(kMinusInfinity), firstLanes(visible - j), _mm512_load_ps(scores + j));
        largest = _mm512_max_ps(s, largest);
    }
    return horizontalMax(largest);
}

// Scores become powers (0 where left out), which are added to the partial sums.
inline void powers(float* scores, int visible, float newMax, float decay, __m512& sums) {
    const __m512 shift = _mm512_set1_ps(newMax);
    sums = _mm512_mul_ps(sums, _mm512_set1_ps(decay));
    for (int j = 0; j < visible; j += kWidth) {
        const __m512 all = exp2UpTo127(_mm512_sub_ps(_mm512_load_ps(scores + j), shift));
        const __m512 p = _mm512_maskz_mov_ps(firstLanes(visible - j), all);
        _mm512_store_ps(scores + j, p);
        sums = _mm512_add_ps(sums, p);
    }
}

// New maxima, powers, sums and decays of a tile.
template <int T>
inline void softmaxBlock(TileState<T>& tile) {
    for (int i = 0; i < T; ++i) {
        tile.newMaxima[i] = blockMax(tile.scores + i * kBlockPositions, tile.visible[i], tile.maxima[i]);
    }
    const __m512 old = _mm512_load_ps(tile.maxima);
    const __m512 now = _mm512_load_ps(tile.newMaxima);
    const __mmask16 started = _mm512_cmp_ps_mask(old, _mm512_set1_ps(kMinusInfinity), _CMP_NEQ_UQ);
    _mm512_store_ps(tile.decay, _mm512_maskz_mov_ps(started, exp2UpTo127(_mm512_sub_ps(old, now))));
    _mm512_store_ps(tile.maxima, now);
    for (int i = 0; i < T; ++i) {
        if (tile.visible[i] > 0) {
            powers(tile.scores + i * kBlockPositions, tile.visible[i], tile.newMaxima[i], tile.decay[i], tile.sums[i]);
        } else {
            tile.decay[i] = 1.0f;
        }
    }
}

// o = o * decay + sum over the first `count` positions, for 16 V dims of every query.
template <class Cache, int T, int V>
inline void weighValues(const std::byte* values, std::ptrdiff_t rowBytes, int count, const float* p, const float* decay,
                        float* o, int headDim, KvWalk* walk, int steps) {
    AskAhead<Cache> ahead(walk, steps, count);
    __m512 acc[T][V];
#pragma GCC unroll 24
    for (int i = 0; i < T * V; ++i) {
        acc[i / V][i % V] =
            _mm512_mul_ps(_mm512_loadu_ps(o + i / V * headDim + i % V * kWidth), _mm512_set1_ps(decay[i / V]));
    }
    for (int j = 0; j < count; ++j, values += rowBytes) {
        ahead.row();
        __m512 x[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
            x[v] = Cache::load(values + v * kWidth * Cache::kBytes);
        }
#pragma GCC unroll 6
        for (int i = 0; i < T; ++i) {
            const __m512 weight = _mm512_set1_ps(p[i * kBlockPositions + j]);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) {
                acc[i][v] = _mm512_fmadd_ps(weight, x[v], acc[i][v]);
            }
        }
    }
#pragma GCC unroll 24
    for (int i = 0; i < T * V; ++i) {
        _mm512_storeu_ps(o + i / V * headDim + i % V * kWidth, acc[i / V][i % V]);
    }
}

// One query, positions [first, last), dims [firstDim, headDim) in steps of 8 or 16, added to o. Also for the positions
// of a diagonal block that only some queries see: no other query may touch them, since even 0 * V is NaN where V is
// infinite.
template <class Cache>
inline void weighOne(const std::byte* values, int headDim, int firstDim, int first, int last, const float* p,
                     float* o) {
    for (int d = firstDim; d < headDim; d += kWidth) {
        const bool eight = headDim - d < kWidth;
        const __mmask16 mask = eight ? 0xff : 0xffff;
        __m512 acc = _mm512_maskz_loadu_ps(mask, o + d);
        for (int j = first; j < last; ++j) {
            const std::byte* at = values + (static_cast<std::ptrdiff_t>(j) * headDim + d) * Cache::kBytes;
            const __m512 x = eight ? Cache::loadEight(at) : Cache::load(at);
            acc = _mm512_fmadd_ps(_mm512_set1_ps(p[j]), x, acc);
        }
        _mm512_mask_storeu_ps(o + d, mask, acc);
    }
}

template <class Cache, int T>
void addBlock(TileState<T>& tile, int headDim, const std::byte* keys, const std::byte* values, KvWalk* walk) {
    constexpr int kBytes = static_cast<int>(Cache::kBytes);
    // A young block is mostly empty: half of its keys' lines need not come from memory.
    const int filled = tile.visible[T - 1];
    const int keySteps = kvKeySteps(filled, headDim, kBytes);
    if (filled <= kBlockPositions / 2) {
        scoreKeys<Cache, T, kTileRegisters / 2>(keys, tile.q, headDim, tile.scores, walk, keySteps);
    } else {
        scoreKeys<Cache, T, kTileRegisters>(keys, tile.q, headDim, tile.scores, walk, keySteps);
    }
    softmaxBlock<T>(tile);
    const std::ptrdiff_t rowBytes = headDim * Cache::kBytes;
    const int shared = tile.visible[0];
    int steps = kvValueSteps(filled, headDim, kBytes);
    int d = 0;
    for (; d + kTileRegisters * kWidth <= headDim; d += kTileRegisters * kWidth, steps = 0) {
        weighValues<Cache, T, kTileRegisters>(values + d * Cache::kBytes, rowBytes, shared, tile.scores, tile.decay,
                                              tile.o + d, headDim, walk, steps);
    }
    for (; d + kWidth <= headDim; d += kWidth, steps = 0) {
        weighValues<Cache, T, 1>(values + d * Cache::kBytes, rowBytes, shared, tile.scores, tile.decay, tile.o + d,
                                 headDim, walk, steps);
    }
    for (int i = 0; i < T; ++i) {
        const float* p = tile.scores + i * kBlockPositions;
        float* o = tile.o + static_cast<std::ptrdiff_t>(i) * headDim;
        if (d < headDim) {  // the last 8 dims
            const __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(0xff, o + d), _mm512_set1_ps(tile.decay[i]));
            _mm512_mask_storeu_ps(o + d, 0xff, scaled);
            weighOne<Cache>(values, headDim, d, 0, shared, p, o);
        }
        weighOne<Cache>(values, headDim, 0, shared, tile.visible[i], p, o);
    }
}

template <int T>
void startTile(TileState<T>& tile, const AttentionArgs& args, int firstQuery, float* o) {
    tile.o = o;
    for (int i = 0; i < T; ++i) {
        const int query = firstQuery + i;
        const float* q = args.q + query / args.group * args.qRowStride +
                         static_cast<std::ptrdiff_t>(query % args.group) * args.headDim;
        for (int d = 0; d < args.headDim; d += kWidth) {
            const __mmask16 mask = firstLanes(args.headDim - d);
            const __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, q + d), _mm512_set1_ps(args.scale));
            _mm512_store_ps(tile.q + i * kMaxHeadDim + d, scaled);
            _mm512_mask_storeu_ps(o + i * args.headDim + d, mask, _mm512_setzero_ps());
        }
        tile.sums[i] = _mm512_setzero_ps();
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
        addBlock<Cache, T>(tile, args.headDim, block + args.kOffset, block + args.vOffset,
                           firstQuery == 0 ? args.walk : nullptr);
    }
    for (int i = 0; i < T; ++i) {
        out.m[firstQuery + i] = tile.maxima[i];
        out.l[firstQuery + i] = sumTree(tile.sums[i]);
    }
}

template <class Cache>
void attendTiles(const AttentionArgs& args, int span, const AttentionState& out) {
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

// A span's K and V in f32, for many tiles that read it one after the other.
struct WideSpan {
    static constexpr int kBlocks = kSpanPositions / kBlockPositions;
    static constexpr int kMostHeadDim = 128;
    static constexpr int kHalf = kMostHeadDim * kBlockPositions;
    alignas(64) float values[kBlocks][2][kHalf];  // K as [headDim, 64] and V as [64, headDim], one after the other
};

// Converts `count` halves, a multiple of 8.
void widen(const std::byte* from, int count, float* to) {
    for (int i = 0; i < count; i += kWidth, from += kWidth * HalfCache::kBytes) {
        const bool eight = count - i < kWidth;
        _mm512_mask_storeu_ps(to + i, eight ? 0xff : 0xffff, eight ? HalfCache::loadEight(from) : HalfCache::load(from));
    }
}

// Tiles of halves, which are converted once for all of them.
void attendWidened(const AttentionArgs& args, int span, const AttentionState& out) {
    WideSpan wide;
    const int first = span * kSpanPositions;
    const int blockValues = args.headDim * kBlockPositions;
    const std::byte* blocks[WideSpan::kBlocks] = {};
    for (int b = 0; b < WideSpan::kBlocks; ++b) {
        const int left = args.firstPosition + args.rows - first - b * kBlockPositions;
        if (left <= 0) {
            break;
        }
        const std::byte* block = args.blocks[first / kBlockPositions + b];
        widen(block + args.kOffset, blockValues, wide.values[b][0]);
        widen(block + args.vOffset, (left < kBlockPositions ? left : kBlockPositions) * args.headDim, wide.values[b][1]);
        blocks[b] = reinterpret_cast<const std::byte*>(wide.values[b][0]);
    }
    AttentionArgs widened = args;
    widened.firstPosition = args.firstPosition - first;
    widened.blocks = blocks;
    widened.kOffset = 0;
    widened.vOffset = WideSpan::kHalf * sizeof(float);
    widened.walk = nullptr;
    attendTiles<FloatCache>(widened, 0, out);
}

}  // namespace

void avx512AttentionSpanF16(const AttentionArgs& args, int span, const AttentionState& out) {
    if (args.rows * args.group >= kWidenedQueries && args.headDim <= WideSpan::kMostHeadDim) {
        attendWidened(args, span, out);
    } else {
        attendTiles<HalfCache>(args, span, out);
    }
}

void avx512AttentionSpanF32(const AttentionArgs& args, int span, const AttentionState& out) {
    attendTiles<FloatCache>(args, span, out);
}

}  // namespace larder::kernels
