// Matrix product on 256-bit registers: a panel of 16 rows is two of 8 lanes. One body for three instruction sets; each
// has a source of a few lines that is compiled with its flags and includes this, with `multiplyAdd4` chosen by them:
//   AVX2            maddubs, several products added in 16 bits where the codes are small enough
//   AVX-VNNI        dpbusd
//   AVX-512 VL+VNNI the same instruction in its other encoding
// Internal linkage: a copy compiled for one CPU must never be the one that another links to. Private to kernels.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/avx2_kernels.h"
#include "engine/kernels/formats/all.h"

namespace larder::kernels {
namespace {

constexpr int kHalves = 2;
constexpr int kTileTokens = 4;
constexpr int kPrefetchBytes = 2048;
constexpr std::size_t kBlockBytes = 192 * 1024;

inline __m256i broadcast4(const std::int8_t* codes) {
    int word;
    __builtin_memcpy(&word, codes, sizeof word);
    return _mm256_set1_epi32(word);
}

// ---- integer dots of one step of a group: T tokens x 16 rows --------------------------------------------------------

template <class Format>
inline __m256i zeroShare(const TokenGroups& x, std::ptrdiff_t at, int step) {
    if constexpr (Format::kZeroPoint == 0) {
        return _mm256_setzero_si256();
    } else {
        const std::int32_t sum = Format::kSteps == 1 ? x.sums[at]
                                 : step == 0         ? x.firstSums[at]
                                                     : x.sums[at] - x.firstSums[at];
        return _mm256_set1_epi32(-Format::kZeroPoint * sum);
    }
}

// The register of columns that comes i-th in a step. Registers j and j + 4 of nibbles come from the same bytes: one
// after the other.
template <class Format>
constexpr int registerAt(int step, int i) {
    return Format::kSteps == 1 ? i % 2 * 4 + i / 2 : step * (8 / Format::kSteps) + i;
}

#if defined(__AVXVNNI__) || defined(__AVX512VNNI__)

inline __m256i multiplyAdd4(__m256i sums, __m256i codes, __m256i q) {
#if defined(__AVXVNNI__)
    return _mm256_dpbusd_avx_epi32(sums, codes, q);
#else
    return _mm256_dpbusd_epi32(sums, codes, q);
#endif
}

template <class Format, int T>
__attribute__((always_inline)) inline void stepDots(const typename Format::Place& place, const TokenGroups& x,
                                                    std::ptrdiff_t g, int step, __m256i (&dots)[T][kHalves]) {
#pragma GCC unroll 4
    for (int t = 0; t < T; ++t) {
        dots[t][0] = zeroShare<Format>(x, g * x.width + t, step);
        dots[t][1] = dots[t][0];
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8 / Format::kSteps; ++i) {
        const int j = registerAt<Format>(step, i);
        const __m256i codes0 = Format::codes256(place, j, 0);
        const __m256i codes1 = Format::codes256(place, j, 1);
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t) {
            const __m256i a = broadcast4(x.codes + (g * x.width + t) * kGroup + 4 * j);
            dots[t][0] = multiplyAdd4(dots[t][0], codes0, a);
            dots[t][1] = multiplyAdd4(dots[t][1], codes1, a);
        }
    }
}

#else

// Keeps a value's place in program order: without it GCC 12 reorders the sums below into wider trees that spill.
inline void pin(__m256i& value) {
    __asm__("" : "+x"(value));
}

// maddubs takes unsigned codes and adds two products in 16 bits. So many of its results can be added there.
template <class Format>
constexpr int kAddable = 32767 / (2 * 127 * Format::kLargestCode);

// Codes that leave room in 16 bits: 4-bit all 8 registers of a group (8 * 2 * 15 * 127 = 30,480), 6-bit two.
template <class Format, int T>
__attribute__((always_inline)) inline void smallDots(const typename Format::Place& place, const TokenGroups& x,
                                                     std::ptrdiff_t g, int step, __m256i (&dots)[T][kHalves]) {
    constexpr int kRegisters = 8 / Format::kSteps;
    constexpr int kRun = kAddable<Format> < kRegisters ? kAddable<Format> : kRegisters;
    static_assert(kRun > 0 && kRegisters % kRun == 0);
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sums[T][kHalves];
#pragma GCC unroll 8
    for (int i = 0; i < kRegisters; ++i) {
        const int j = registerAt<Format>(step, i);
        const __m256i codes0 = Format::codes256(place, j, 0);
        const __m256i codes1 = Format::codes256(place, j, 1);
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t) {
            const __m256i a = broadcast4(x.codes + (g * x.width + t) * kGroup + 4 * j);
            const __m256i p0 = _mm256_maddubs_epi16(codes0, a);
            const __m256i p1 = _mm256_maddubs_epi16(codes1, a);
            sums[t][0] = i % kRun == 0 ? p0 : _mm256_add_epi16(sums[t][0], p0);
            sums[t][1] = i % kRun == 0 ? p1 : _mm256_add_epi16(sums[t][1], p1);
            pin(sums[t][0]);
            pin(sums[t][1]);
            if (i % kRun == kRun - 1) {
                const __m256i d0 = _mm256_madd_epi16(sums[t][0], ones);
                const __m256i d1 = _mm256_madd_epi16(sums[t][1], ones);
                dots[t][0] = i < kRun ? d0 : _mm256_add_epi32(dots[t][0], d0);
                dots[t][1] = i < kRun ? d1 : _mm256_add_epi32(dots[t][1], d1);
            }
        }
    }
    if constexpr (Format::kZeroPoint != 0) {
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t) {
            const __m256i share = zeroShare<Format>(x, g * x.width + t, step);
            dots[t][0] = _mm256_add_epi32(dots[t][0], share);
            dots[t][1] = _mm256_add_epi32(dots[t][1], share);
        }
    }
}

// 8-bit codes: signed weight w = u - 128, |w| as the unsigned operand, the activation takes w's sign: 2 * 128 * 127 =
// 32,512.
template <class Format, int T>
__attribute__((always_inline)) inline void wideDots(const typename Format::Place& place, const TokenGroups& x,
                                                    std::ptrdiff_t g, int step, __m256i (&dots)[T][kHalves]) {
    static_assert(Format::kZeroPoint == 128);
    const __m256i flip = _mm256_set1_epi8(-128);
    const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 8
    for (int i = 0; i < 8 / Format::kSteps; ++i) {
        const int j = registerAt<Format>(step, i);
        const __m256i w0 = _mm256_xor_si256(Format::codes256(place, j, 0), flip);
        const __m256i w1 = _mm256_xor_si256(Format::codes256(place, j, 1), flip);
        const __m256i size0 = _mm256_abs_epi8(w0);
        const __m256i size1 = _mm256_abs_epi8(w1);
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t) {
            const __m256i a = broadcast4(x.codes + (g * x.width + t) * kGroup + 4 * j);
            const __m256i p0 = _mm256_madd_epi16(_mm256_maddubs_epi16(size0, _mm256_sign_epi8(a, w0)), ones);
            const __m256i p1 = _mm256_madd_epi16(_mm256_maddubs_epi16(size1, _mm256_sign_epi8(a, w1)), ones);
            dots[t][0] = i == 0 ? p0 : _mm256_add_epi32(dots[t][0], p0);
            dots[t][1] = i == 0 ? p1 : _mm256_add_epi32(dots[t][1], p1);
            pin(dots[t][0]);
            pin(dots[t][1]);
        }
    }
}

template <class Format, int T>
__attribute__((always_inline)) inline void stepDots(const typename Format::Place& place, const TokenGroups& x,
                                                    std::ptrdiff_t g, int step, __m256i (&dots)[T][kHalves]) {
    if constexpr (kAddable<Format> > 0) {
        smallDots<Format, T>(place, x, g, step, dots);
    } else {
        wideDots<Format, T>(place, x, g, step, dots);
    }
}

#endif

// ---- tiles ---------------------------------------------------------------------------------------------------------

// One group into the accumulators.
template <class Format, int T>
__attribute__((always_inline)) inline void addGroup(const typename Format::Place& place, const TokenGroups& x,
                                                    std::ptrdiff_t g, __m256 (&acc)[T][kHalves]) {
#pragma GCC unroll 2
    for (int step = 0; step < Format::kSteps; ++step) {
        __m256i dots[T][kHalves];
        stepDots<Format, T>(place, x, g, step, dots);
        const __m256 scale0 = Format::scales256(place, step, 0);
        const __m256 scale1 = Format::scales256(place, step, 1);
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t) {
            const __m256 scale = _mm256_set1_ps(x.scales[g * x.width + t]);
            acc[t][0] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[t][0]), _mm256_mul_ps(scale0, scale), acc[t][0]);
            acc[t][1] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[t][1]), _mm256_mul_ps(scale1, scale), acc[t][1]);
        }
    }
    if constexpr (Format::kHasMinima) {
        const __m256 minimum0 = Format::minima256(place, 0);
        const __m256 minimum1 = Format::minima256(place, 1);
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t) {
            const __m256 sum = _mm256_set1_ps(x.scaledSums[g * x.width + t]);
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
__attribute__((noinline)) void int8Tile(const std::byte* panel, std::ptrdiff_t groups, const TokenGroups& x,
                                        const Destination& to) {
    constexpr int kUnit = Format::kUnitGroups;
    __m256 acc[T][kHalves] = {};
    std::ptrdiff_t g = 0;
    for (; g + kUnit <= groups; g += kUnit, panel += Format::kUnitBytes) {
        if constexpr (streams) {
#pragma GCC unroll 64
            for (std::size_t line = 0; line < Format::kUnitBytes; line += 64) {
                _mm_prefetch(reinterpret_cast<const char*>(panel + kPrefetchBytes + line), _MM_HINT_T0);
            }
        }
#pragma GCC unroll 2
        for (int i = 0; i < kUnit; ++i) {
            addGroup<Format, T>(Format::place(panel, i), x, g + i, acc);
        }
    }
    if constexpr (kUnit == 2) {
        if (g < groups) {
            addGroup<Format, T>(Format::lastPlace(panel), x, g, acc);
        }
    }
    writeTile<T>(to, acc);
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
    const TokenGroups x = groupsOf(args.quantized, args.columns, token);
    const std::ptrdiff_t groups = args.columns / kGroup;
    for (int p = firstPanel; p < lastPanel; ++p) {
        const std::byte* panel = args.weights + static_cast<std::size_t>(p) * panelBytes;
        if (token == 0) {
            int8Tile<Format, T, true>(panel, groups, x, destinationOf(args, p, token));
        } else {
            int8Tile<Format, T, false>(panel, groups, x, destinationOf(args, p, token));
        }
    }
}

template <class Format>
void matmulInt8(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const std::size_t panelBytes = Format::panelBytes(args.columns);
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

// ---- plain weights ------------------------------------------------------------------------------------------------

constexpr int kFloatTileTokens = 6;

template <class Format, int T>
void floatTile(const std::byte* panel, const float* x, std::ptrdiff_t columns, const Destination& to) {
    __m256 acc[T][kHalves] = {};
    for (std::ptrdiff_t k = 0; k < columns; ++k, panel += Format::kColumnBytes) {
        if constexpr (T <= 2) {
            _mm_prefetch(reinterpret_cast<const char*>(panel + kPrefetchBytes), _MM_HINT_T0);
        }
        const __m256 w0 = Format::values256(panel);
        const __m256 w1 = Format::values256(panel + 8 * Format::kValueBytes);
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
    const std::size_t panelBytes = Format::panelBytes(args.columns);
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

// The instruction that multiplies bytes, ten chains: more than its latency times its rate.
std::uint64_t int8Probe(std::uint64_t rounds) {
    constexpr int kChains = 10;
    volatile char seed = 1;
    const __m256i factor = _mm256_set1_epi8(seed);
    __m256i chains[kChains];
    for (__m256i& chain : chains) chain = factor;
    for (std::uint64_t round = 0; round < rounds; ++round) {
#if defined(__AVXVNNI__) || defined(__AVX512VNNI__)
        for (__m256i& chain : chains) chain = multiplyAdd4(chain, factor, factor);
#else
        for (__m256i& chain : chains) chain = _mm256_maddubs_epi16(chain, factor);
#endif
    }
    for (const __m256i& chain : chains) seed = static_cast<char>(seed + _mm256_extract_epi8(chain, 0));
    return rounds * kChains * 32;
}

void fillMatmuls(Kernels& table) {
    PlainFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulFloat<F>; });
    QuantizedFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulInt8<F>; });
    table.int8Probe = int8Probe;
}

}  // namespace
}  // namespace larder::kernels
