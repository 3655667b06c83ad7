// Matrix product for AVX2 + FMA + F16C: a panel of 16 rows is two registers of 8 lanes.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/avx2_kernels.h"
#include "engine/kernels/panel_layout.h"

namespace larder::kernels {
namespace {

constexpr int kHalves = 2;
constexpr int kTileTokens = 4;
constexpr int kPrefetchBytes = 1024;
constexpr std::size_t kBlockBytes = 192 * 1024;

inline __m256i load(const void* address) {
    return _mm256_load_si256(static_cast<const __m256i*>(address));
}

// Keeps a value's place in program order: without it GCC 12 reorders the sums below into wider trees that spill.
inline void pin(__m256i& value) {
    __asm__("" : "+x"(value));
}

inline __m256i broadcast4(const std::int8_t* codes) {
    int word;
    __builtin_memcpy(&word, codes, sizeof word);
    return _mm256_set1_epi32(word);
}

inline __m256 loadHalves(const std::byte* halves) {
    return _mm256_cvtph_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(halves)));
}

// The quantised activations of a tile's tokens, from some group on.
struct Activations {
    const std::int8_t* codes;
    const float* scales;
    const std::int32_t* sums;
    const float* scaledSums;
    std::ptrdiff_t columns;
    std::ptrdiff_t groups;
};

// ---- integer dots of one group: T tokens x 16 rows
// -------------------------------------------------------------------

// All 8 products of a group are added in 16 bits: 8 * 2 * 15 * 127 = 30,480.
template <int T>
inline void dots4(const std::byte* codes, const std::int8_t* q, std::ptrdiff_t columns, __m256i (&dots)[T][kHalves]) {
    const __m256i mask = _mm256_set1_epi8(15);
    __m256i sums[T][kHalves];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
        const __m256i first = load(codes + 64 * j);
        const __m256i second = load(codes + 64 * j + 32);
        const __m256i low0 = _mm256_and_si256(first, mask);
        const __m256i low1 = _mm256_and_si256(second, mask);
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t) {
            const __m256i a = broadcast4(q + t * columns + 4 * j);
            const __m256i p0 = _mm256_maddubs_epi16(low0, a);
            const __m256i p1 = _mm256_maddubs_epi16(low1, a);
            sums[t][0] = j == 0 ? p0 : _mm256_add_epi16(sums[t][0], p0);
            sums[t][1] = j == 0 ? p1 : _mm256_add_epi16(sums[t][1], p1);
            pin(sums[t][0]);
            pin(sums[t][1]);
        }
        const __m256i high0 = _mm256_and_si256(_mm256_srli_epi16(first, 4), mask);
        const __m256i high1 = _mm256_and_si256(_mm256_srli_epi16(second, 4), mask);
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t) {
            const __m256i a = broadcast4(q + t * columns + 16 + 4 * j);
            sums[t][0] = _mm256_add_epi16(sums[t][0], _mm256_maddubs_epi16(high0, a));
            sums[t][1] = _mm256_add_epi16(sums[t][1], _mm256_maddubs_epi16(high1, a));
            pin(sums[t][0]);
            pin(sums[t][1]);
        }
    }
    const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 4
    for (int t = 0; t < T; ++t) {
        dots[t][0] = _mm256_madd_epi16(sums[t][0], ones);
        dots[t][1] = _mm256_madd_epi16(sums[t][1], ones);
    }
}

// Signed weight w = u - 128: |w| as the unsigned operand, the activation takes w's sign: 2 * 128 * 127 = 32,512.
template <int T>
inline void dots8(const std::byte* codes, const std::int8_t* q, std::ptrdiff_t columns, __m256i (&dots)[T][kHalves]) {
    const __m256i flip = _mm256_set1_epi8(-128);
    const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) {
        const __m256i w0 = _mm256_xor_si256(load(codes + 64 * j), flip);
        const __m256i w1 = _mm256_xor_si256(load(codes + 64 * j + 32), flip);
        const __m256i size0 = _mm256_abs_epi8(w0);
        const __m256i size1 = _mm256_abs_epi8(w1);
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t) {
            const __m256i a = broadcast4(q + t * columns + 4 * j);
            const __m256i p0 = _mm256_madd_epi16(_mm256_maddubs_epi16(size0, _mm256_sign_epi8(a, w0)), ones);
            const __m256i p1 = _mm256_madd_epi16(_mm256_maddubs_epi16(size1, _mm256_sign_epi8(a, w1)), ones);
            dots[t][0] = j == 0 ? p0 : _mm256_add_epi32(dots[t][0], p0);
            dots[t][1] = j == 0 ? p1 : _mm256_add_epi32(dots[t][1], p1);
            pin(dots[t][0]);
            pin(dots[t][1]);
        }
    }
}

struct Q4_0 {
    static constexpr int kCodeBytes = kCodes4Bytes;
    static constexpr bool kHasMinima = false;
};
struct Q4_1 {
    static constexpr int kCodeBytes = kCodes4Bytes;
    static constexpr bool kHasMinima = true;
};
struct Q8_0 {
    static constexpr int kCodeBytes = kCodes8Bytes;
    static constexpr bool kHasMinima = false;
};

// One group into the accumulators.
template <class Format, int T>
inline void addGroup(const GroupPlace& place, const Activations& x, std::ptrdiff_t g, __m256 (&acc)[T][kHalves]) {
    __m256i dots[T][kHalves];
    if constexpr (Format::kCodeBytes == kCodes4Bytes) {
        dots4<T>(place.codes, x.codes + g * kGroup, x.columns, dots);
    } else {
        dots8<T>(place.codes, x.codes + g * kGroup, x.columns, dots);
    }
    const __m256 scale0 = loadHalves(place.scales);
    const __m256 scale1 = loadHalves(place.scales + 16);
#pragma GCC unroll 4
    for (int t = 0; t < T; ++t) {
        const std::ptrdiff_t at = t * x.groups + g;
        if constexpr (Format::kCodeBytes == kCodes4Bytes && !Format::kHasMinima) {
            const __m256i zero = _mm256_slli_epi32(_mm256_set1_epi32(x.sums[at]), 3);
            dots[t][0] = _mm256_sub_epi32(dots[t][0], zero);
            dots[t][1] = _mm256_sub_epi32(dots[t][1], zero);
        }
        const __m256 scale = _mm256_set1_ps(x.scales[at]);
        acc[t][0] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[t][0]), _mm256_mul_ps(scale0, scale), acc[t][0]);
        acc[t][1] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[t][1]), _mm256_mul_ps(scale1, scale), acc[t][1]);
    }
    if constexpr (Format::kHasMinima) {
        const __m256 minimum0 = loadHalves(place.minima);
        const __m256 minimum1 = loadHalves(place.minima + 16);
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t) {
            const __m256 sum = _mm256_set1_ps(x.scaledSums[t * x.groups + g]);
            acc[t][0] = _mm256_fmadd_ps(minimum0, sum, acc[t][0]);
            acc[t][1] = _mm256_fmadd_ps(minimum1, sum, acc[t][1]);
        }
    }
}

// Where a tile's results go: T tokens x up to 16 rows.
struct Destination {
    const float* residual;  // or null
    float* y;
    std::ptrdiff_t stride;
    int lanes;  // rows of this panel that exist
};

template <int T>
inline void writeTile(const Destination& to, const __m256 (&acc)[T][kHalves]) {
    if (to.lanes == kPanelRows) {
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t) {
#pragma GCC unroll 2
            for (int h = 0; h < kHalves; ++h) {
                const std::ptrdiff_t at = t * to.stride + 8 * h;
                const __m256 value =
                    to.residual != nullptr ? _mm256_add_ps(_mm256_loadu_ps(to.residual + at), acc[t][h]) : acc[t][h];
                _mm256_storeu_ps(to.y + at, value);
            }
        }
        return;
    }
#pragma GCC unroll 6
    for (int t = 0; t < T; ++t) {
        alignas(32) float values[kPanelRows];
        _mm256_store_ps(values, acc[t][0]);
        _mm256_store_ps(values + 8, acc[t][1]);
        for (int lane = 0; lane < to.lanes; ++lane) {
            const std::ptrdiff_t at = t * to.stride + lane;
            to.y[at] = to.residual != nullptr ? to.residual[at] + values[lane] : values[lane];
        }
    }
}

// Streams: the weights come from memory, so they are prefetched; else an earlier tile left them in the cache.
template <class Format, int T, bool streams>
__attribute__((noinline)) void int8Tile(const std::byte* panel, const Activations& x, const Destination& to) {
    constexpr std::size_t kPairBytes = groupPairBytes(Format::kCodeBytes, Format::kHasMinima);
    __m256 acc[T][kHalves] = {};
    std::ptrdiff_t g = 0;
    for (; g + 1 < x.groups; g += 2, panel += kPairBytes) {
        if constexpr (streams) {
#pragma GCC unroll 17
            for (std::size_t line = 0; line < kPairBytes; line += 64) {
                _mm_prefetch(reinterpret_cast<const char*>(panel + kPrefetchBytes + line), _MM_HINT_T0);
            }
        }
        const std::byte* scales = panel + 2 * Format::kCodeBytes;
        addGroup<Format, T>({panel, scales, scales + 2 * kLaneHalvesBytes}, x, g, acc);
        addGroup<Format, T>({panel + Format::kCodeBytes, scales + kLaneHalvesBytes, scales + 3 * kLaneHalvesBytes}, x,
                            g + 1, acc);
    }
    if (g < x.groups) {
        addGroup<Format, T>({panel, panel + Format::kCodeBytes, panel + Format::kCodeBytes + 64}, x, g, acc);
    }
    writeTile<T>(to, acc);
}

Activations activationsFrom(const MatmulArgs& args, int token) {
    const std::ptrdiff_t groups = args.columns / kGroup;
    const std::ptrdiff_t at = token * groups;
    return {args.quantized.codes + at * kGroup, args.quantized.scales + at,      args.quantized.sums + at,
            args.quantized.scaledSums + at,     groups * std::ptrdiff_t{kGroup}, groups};
}

Destination destinationOf(const MatmulArgs& args, int panel, int token) {
    const std::ptrdiff_t row = std::ptrdiff_t{panel} * kPanelRows;
    const std::ptrdiff_t at = token * args.yStride + row;
    const std::ptrdiff_t left = args.rows - row;
    return {args.residual == nullptr ? nullptr : args.residual + at, args.y + at, args.yStride,
            left < kPanelRows ? static_cast<int>(left) : kPanelRows};
}

// Panels whose weights stay in the second-level cache while all tokens pass: a tile then reads its activations from the
// first level and writes its outputs side by side.
int panelsPerBlock(std::size_t panelBytes) {
    const std::size_t panels = kBlockBytes / panelBytes;
    return panels == 0 ? 1 : static_cast<int>(panels);
}

template <class Format, int T>
void int8Tiles(const MatmulArgs& args, std::size_t panelBytes, int firstPanel, int lastPanel, int token) {
    const Activations x = activationsFrom(args, token);
    for (int p = firstPanel; p < lastPanel; ++p) {
        const std::byte* panel = args.weights + static_cast<std::size_t>(p) * panelBytes;
        if (token == 0) {
            int8Tile<Format, T, true>(panel, x, destinationOf(args, p, token));
        } else {
            int8Tile<Format, T, false>(panel, x, destinationOf(args, p, token));
        }
    }
}

template <class Format>
void matmulInt8(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const std::size_t panelBytes = int8PanelBytes(Format::kCodeBytes, Format::kHasMinima, args.columns / kGroup);
    const int block = panelsPerBlock(panelBytes);
    for (int first = firstPanel; first < lastPanel; first += block) {
        const int last = lastPanel - first < block ? lastPanel : first + block;
        int t = 0;
        for (; t + kTileTokens <= args.tokens; t += kTileTokens) {
            int8Tiles<Format, kTileTokens>(args, panelBytes, first, last, t);
        }
        switch (args.tokens - t) {
            case 1:
                int8Tiles<Format, 1>(args, panelBytes, first, last, t);
                break;
            case 2:
                int8Tiles<Format, 2>(args, panelBytes, first, last, t);
                break;
            case 3:
                int8Tiles<Format, 3>(args, panelBytes, first, last, t);
                break;
            default:
                break;
        }
    }
}

// ---- weights as floats
// -----------------------------------------------------------------------------------------------

struct F32 {
    static constexpr int kBytes = 4;
    static __m256 load8(const std::byte* values) { return _mm256_load_ps(reinterpret_cast<const float*>(values)); }
};
struct F16 {
    static constexpr int kBytes = 2;
    static __m256 load8(const std::byte* values) { return loadHalves(values); }
};
struct BF16 {
    static constexpr int kBytes = 2;
    static __m256 load8(const std::byte* values) {
        const __m128i narrow = _mm_load_si128(reinterpret_cast<const __m128i*>(values));
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16));
    }
};

constexpr int kFloatTileTokens = 6;

template <class Format, int T>
void floatTile(const std::byte* panel, const float* x, std::ptrdiff_t columns, const Destination& to) {
    __m256 acc[T][kHalves] = {};
    for (std::ptrdiff_t k = 0; k < columns; ++k, panel += kPanelRows * Format::kBytes) {
        if constexpr (T <= 2) {
            _mm_prefetch(reinterpret_cast<const char*>(panel + kPrefetchBytes), _MM_HINT_T0);
        }
        const __m256 w0 = Format::load8(panel);
        const __m256 w1 = Format::load8(panel + 8 * Format::kBytes);
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t) {
            const __m256 a = _mm256_broadcast_ss(x + t * columns + k);
            acc[t][0] = _mm256_fmadd_ps(w0, a, acc[t][0]);
            acc[t][1] = _mm256_fmadd_ps(w1, a, acc[t][1]);
        }
    }
    writeTile<T>(to, acc);
}

template <class Format>
void matmulFloat(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const std::size_t panelBytes = floatPanelBytes(Format::kBytes, args.columns);
    for (int p = firstPanel; p < lastPanel; ++p) {
        const std::byte* panel = args.weights + static_cast<std::size_t>(p) * panelBytes;
        int t = 0;
        for (; t + kFloatTileTokens <= args.tokens; t += kFloatTileTokens) {
            floatTile<Format, kFloatTileTokens>(panel, args.x + std::ptrdiff_t{t} * args.columns, args.columns,
                                                destinationOf(args, p, t));
        }
        const float* x = args.x + std::ptrdiff_t{t} * args.columns;
        const Destination to = destinationOf(args, p, t);
        switch (args.tokens - t) {
            case 1:
                floatTile<Format, 1>(panel, x, args.columns, to);
                break;
            case 2:
                floatTile<Format, 2>(panel, x, args.columns, to);
                break;
            case 3:
                floatTile<Format, 3>(panel, x, args.columns, to);
                break;
            case 4:
                floatTile<Format, 4>(panel, x, args.columns, to);
                break;
            case 5:
                floatTile<Format, 5>(panel, x, args.columns, to);
                break;
            default:
                break;
        }
    }
}

}  // namespace

void avx2MatmulF32(const MatmulArgs& args, int first, int last) {
    matmulFloat<F32>(args, first, last);
}
void avx2MatmulF16(const MatmulArgs& args, int first, int last) {
    matmulFloat<F16>(args, first, last);
}
void avx2MatmulBf16(const MatmulArgs& args, int first, int last) {
    matmulFloat<BF16>(args, first, last);
}
void avx2MatmulQ4_0(const MatmulArgs& args, int first, int last) {
    matmulInt8<Q4_0>(args, first, last);
}
void avx2MatmulQ4_1(const MatmulArgs& args, int first, int last) {
    matmulInt8<Q4_1>(args, first, last);
}
void avx2MatmulQ8_0(const MatmulArgs& args, int first, int last) {
    matmulInt8<Q8_0>(args, first, last);
}

}  // namespace larder::kernels
