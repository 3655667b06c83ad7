// Matrix product for NEON: a panel of 16 rows is four registers (parts) of 4 rows. One body for three feature levels;
// each has a source of a few lines that is compiled with its flags and includes this, with `dots` chosen by them:
//   baseline   smlal, several products added in 16 bits where the weights are small enough
//   dotprod    sdot
//   i8mm       sdot, and smmla from 8 tokens on
// Zero points are taken off the codes: every weight fits a signed byte, and the sums stay exact.
// Internal linkage: a copy compiled for one CPU must never be the one that another links to. Private to kernels.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/formats/all.h"
#include "engine/kernels/neon_kernels.h"

namespace larder::kernels {
namespace {

constexpr int kParts = 4;
constexpr int kPartRows = 4;
constexpr int kFewTokens = 4;   // whole panels: 16 sums, 8 registers of weights
constexpr int kManyTokens = 8;  // half panels: 16 sums, too, and weights are unpacked half as often
constexpr std::size_t kBlockBytes = 192 * 1024;

// ---- integer dots of one step of a group ----------------------------------------------------------------------------
// dots<Format, T>(w, x, g, step, each): w, N registers of 4 rows' weights (N = 8 / steps: the columns of this step);
// for each of T tokens calls each(t, dots of the 4 rows). So only one token's dots are alive at a time.

template <class Format>
constexpr int kStepRegisters = 8 / Format::kSteps;

template <class Format>
__attribute__((always_inline)) inline void loadWeights(const typename Format::Place& place, int step, int part,
                                                       int8x16_t (&w)[kStepRegisters<Format>]) {
#pragma GCC unroll 8
    for (int i = 0; i < kStepRegisters<Format>; ++i) {
        const uint8x16_t codes = Format::codes128(place, step * kStepRegisters<Format> + i, part);
        w[i] = vreinterpretq_s8_u8(vsubq_u8(codes, vdupq_n_u8(Format::kZeroPoint)));
    }
}

template <class Format>
inline const std::int8_t* stepCodes(const TokenGroups& x, int t, std::ptrdiff_t g, int step) {
    return x.codes + (g * x.width + t) * kGroup + step * 4 * kStepRegisters<Format>;
}

#if defined(__ARM_FEATURE_DOTPROD)

__attribute__((always_inline)) inline int32x4_t dotLane(int32x4_t sums, int8x16_t w, int8x16_t q, int lane) {
    switch (lane) {
        case 0:
            return vdotq_laneq_s32(sums, w, q, 0);
        case 1:
            return vdotq_laneq_s32(sums, w, q, 1);
        case 2:
            return vdotq_laneq_s32(sums, w, q, 2);
        default:
            return vdotq_laneq_s32(sums, w, q, 3);
    }
}

template <class Format, int T, int N, class Each>
__attribute__((always_inline)) inline void dots(const int8x16_t (&w)[N], const TokenGroups& x, std::ptrdiff_t g,
                                                int step, const Each& each) {
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        const std::int8_t* codes = stepCodes<Format>(x, t, g, step);
        int32x4_t sums = vdupq_n_s32(0);
#pragma GCC unroll 8
        for (int i = 0; i < N; ++i) {
            sums = dotLane(sums, w[i], vld1q_s8(codes + i / 4 * 16), i % 4);
        }
        each(t, sums);
    }
}

#else

// How many products of a weight and an activation are sure to fit when added in 16 bits.
template <class Format>
constexpr int kAddable = 32767 / (127 * (Format::kZeroPoint > Format::kLargestCode - Format::kZeroPoint
                                             ? Format::kZeroPoint
                                             : Format::kLargestCode - Format::kZeroPoint));

inline int8x16_t broadcast4(const std::int8_t* codes) {
    std::int32_t word;
    __builtin_memcpy(&word, codes, sizeof word);
    return vreinterpretq_s8_s32(vdupq_n_s32(word));
}

template <class Format, int T, int N, class Each>
__attribute__((always_inline)) inline void dots(const int8x16_t (&w)[N], const TokenGroups& x, std::ptrdiff_t g,
                                                int step, const Each& each) {
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        const std::int8_t* codes = stepCodes<Format>(x, t, g, step);
        if constexpr (kAddable<Format> >= N) {
            int16x8_t low = vdupq_n_s16(0);   // rows 0 and 1, 4 columns each
            int16x8_t high = vdupq_n_s16(0);  // rows 2 and 3
#pragma GCC unroll 8
            for (int i = 0; i < N; ++i) {
                const int8x16_t q = broadcast4(codes + 4 * i);
                low = vmlal_s8(low, vget_low_s8(w[i]), vget_low_s8(q));
                high = vmlal_high_s8(high, w[i], q);
            }
            each(t, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
        } else {
            static_assert(kAddable<Format> >= 2);
            int32x4_t sums = vdupq_n_s32(0);
#pragma GCC unroll 8
            for (int i = 0; i < N; ++i) {
                const int8x16_t q = broadcast4(codes + 4 * i);
                const int16x8_t low = vmull_s8(vget_low_s8(w[i]), vget_low_s8(q));
                sums = vpadalq_s16(sums, vpaddq_s16(low, vmull_high_s8(w[i], q)));
            }
            each(t, sums);
        }
    }
}

#endif

#if defined(__ARM_FEATURE_MATMUL_INT8)

// smmla multiplies 2 rows x 8 columns with 2 tokens x 8 columns. So kManyTokens tokens have their codes copied in
// pairs: [groups, tokens / 2, 4 x 8 columns, 2 tokens, 8].
//
// By counting (it has not been timed on such a CPU), 4 rows, 8 tokens and a group of 32 take 64 vector instructions for
// dots and scaling and 8 to pair up weights, where sdot takes 88. usdot would save the subtraction of zero points,
// which all tokens share, at the cost of an addition for each dot.
struct TokenPairs : TokenGroups {
    const std::int8_t* pairs;
};
constexpr int kMostPairedColumns = 16384;  // 128 KB of stack

inline void copyInPairs(const TokenGroups& x, std::ptrdiff_t groups, std::int8_t* pairs) {
    for (std::ptrdiff_t g = 0; g < groups; ++g) {
        const std::int8_t* codes = x.codes + g * x.width * kGroup;
        for (int p = 0; p < kManyTokens / 2; ++p, codes += 2 * kGroup) {
            for (int i = 0; i < kGroup; i += 16, pairs += 32) {
                const int64x2_t first = vreinterpretq_s64_s8(vld1q_s8(codes + i));
                const int64x2_t second = vreinterpretq_s64_s8(vld1q_s8(codes + kGroup + i));
                vst1q_s8(pairs, vreinterpretq_s8_s64(vzip1q_s64(first, second)));
                vst1q_s8(pairs + 16, vreinterpretq_s8_s64(vzip2q_s64(first, second)));
            }
        }
    }
}

template <class Format, int T, int N, class Each>
__attribute__((always_inline)) inline void dots(const int8x16_t (&w)[N], const TokenPairs& x, std::ptrdiff_t g,
                                                int step, const Each& each) {
    static_assert(T == kManyTokens);
    int8x16_t first[N / 2];   // rows 0 and 1, 8 columns each
    int8x16_t second[N / 2];  // rows 2 and 3
#pragma GCC unroll 4
    for (int i = 0; i < N / 2; ++i) {
        const int32x4_t a = vreinterpretq_s32_s8(w[2 * i]);
        const int32x4_t b = vreinterpretq_s32_s8(w[2 * i + 1]);
        first[i] = vreinterpretq_s8_s32(vzip1q_s32(a, b));
        second[i] = vreinterpretq_s8_s32(vzip2q_s32(a, b));
    }
#pragma GCC unroll 4
    for (int p = 0; p < kManyTokens / 2; ++p) {
        const std::int8_t* pair = x.pairs + (g * kManyTokens + 2 * p) * kGroup + step * 8 * N;
        int32x4_t sums0 = vdupq_n_s32(0);  // row 0 and the two tokens, row 1 and they
        int32x4_t sums1 = vdupq_n_s32(0);
#pragma GCC unroll 4
        for (int i = 0; i < N / 2; ++i) {
            const int8x16_t q = vld1q_s8(pair + 16 * i);
            sums0 = vmmlaq_s32(sums0, first[i], q);
            sums1 = vmmlaq_s32(sums1, second[i], q);
        }
        each(2 * p, vuzp1q_s32(sums0, sums1));
        each(2 * p + 1, vuzp2q_s32(sums0, sums1));
    }
}

#endif

// ---- tiles ---------------------------------------------------------------------------------------------------------

// One group into the sums of T tokens x R parts, from part `firstPart` of the panel on.
template <class Format, int T, int R, class X>
__attribute__((always_inline)) inline void addGroup(const typename Format::Place& place, int firstPart, const X& x,
                                                    std::ptrdiff_t g, float32x4_t (&acc)[T][R]) {
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
        const int part = firstPart + r;
        if constexpr (T > 2) {
            __asm__ volatile("" ::: "memory");  // activations are loaded again: there are no registers to keep them
        }
#pragma GCC unroll 2
        for (int step = 0; step < Format::kSteps; ++step) {
            int8x16_t w[kStepRegisters<Format>];
            loadWeights<Format>(place, step, part, w);
            const float32x4_t scale = Format::scales128(place, step, part);
            dots<Format, T>(
                w, x, g, step, [&](int t, int32x4_t sums) __attribute__((always_inline)) {
                    const float32x4_t product = vmulq_n_f32(scale, x.scales[g * x.width + t]);
                    acc[t][r] = vfmaq_f32(acc[t][r], vcvtq_f32_s32(sums), product);
                });
        }
        if constexpr (Format::kHasMinima) {
            const float32x4_t minimum = Format::minima128(place, part);
#pragma GCC unroll 8
            for (int t = 0; t < T; ++t) {
                acc[t][r] = vfmaq_n_f32(acc[t][r], minimum, x.scaledSums[g * x.width + t]);
            }
        }
    }
}

// Where a tile's results go: T tokens x as many of its rows as exist.
struct Destination {
    const float* residual;  // or null
    float* y;
    std::ptrdiff_t stride;
    int rows;  // that exist from the first one on
};

inline Destination destinationOf(const MatmulArgs& args, int firstRow, int token) {
    const std::ptrdiff_t at = token * args.yStride + firstRow;
    return {args.residual == nullptr ? nullptr : args.residual + at, args.y + at, args.yStride, args.rows - firstRow};
}

template <int T, int R>
inline void writeTile(const Destination& to, const float32x4_t (&acc)[T][R]) {
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
#pragma GCC unroll 4
        for (int r = 0; r < R; ++r) {
            const std::ptrdiff_t at = t * to.stride + r * kPartRows;
            if (to.rows >= (r + 1) * kPartRows) {
                const float32x4_t value =
                    to.residual != nullptr ? vaddq_f32(vld1q_f32(to.residual + at), acc[t][r]) : acc[t][r];
                vst1q_f32(to.y + at, value);
                continue;
            }
            float values[kPartRows];
            vst1q_f32(values, acc[t][r]);
            for (int i = 0; i < to.rows - r * kPartRows; ++i) {
                to.y[at + i] = to.residual != nullptr ? to.residual[at + i] + values[i] : values[i];
            }
        }
    }
}

// x by value, so that addGroup's barrier does not touch it.
template <class Format, int T, int R, class X>
__attribute__((noinline)) void int8Tile(const std::byte* panel, int firstPart, X x, std::ptrdiff_t groups,
                                        const Destination& to) {
    constexpr int kUnit = Format::kUnitGroups;
    float32x4_t acc[T][R] = {};
    std::ptrdiff_t g = 0;
    for (; g + kUnit <= groups; g += kUnit, panel += Format::kUnitBytes) {
        for (int i = 0; i < kUnit; ++i) {
            addGroup<Format, T, R>(Format::place(panel, i), firstPart, x, g + i, acc);
        }
    }
    if constexpr (kUnit == 2) {
        if (g < groups) {
            addGroup<Format, T, R>(Format::lastPlace(panel), firstPart, x, g, acc);
        }
    }
    writeTile<T, R>(to, acc);
}

// A tile's tokens from `token` on with the panels [first, last), R parts at a time.
template <class Format, int T, int R, class X>
void int8Tiles(const MatmulArgs& args, const X& x, int first, int last, int token) {
    const std::size_t panelBytes = Format::panelBytes(args.columns);
    for (int p = first; p < last; ++p) {
        const std::byte* panel = args.weights + static_cast<std::size_t>(p) * panelBytes;
        for (int part = 0; part < kParts && p * kPanelRows + part * kPartRows < args.rows; part += R) {
            int8Tile<Format, T, R>(panel, part, x, args.columns / kGroup,
                                   destinationOf(args, p * kPanelRows + part * kPartRows, token));
        }
    }
}

template <class Format>
void manyTokens(const MatmulArgs& args, int first, int last, int token) {
    const TokenGroups x = groupsOf(args.quantized, args.columns, token);
#if defined(__ARM_FEATURE_MATMUL_INT8)
    if (args.columns <= kMostPairedColumns) {
        alignas(64) std::int8_t pairs[kManyTokens * kMostPairedColumns];
        copyInPairs(x, args.columns / kGroup, pairs);
        int8Tiles<Format, kManyTokens, 2>(args, TokenPairs{x, pairs}, first, last, token);
        return;
    }
#endif
    int8Tiles<Format, kManyTokens, 2>(args, x, first, last, token);
}

template <class Format>
void fewTokens(const MatmulArgs& args, int first, int last, int token, int count) {
    const TokenGroups x = groupsOf(args.quantized, args.columns, token);
    switch (count) {
        case 1:
            int8Tiles<Format, 1, kParts>(args, x, first, last, token);
            break;
        case 2:
            int8Tiles<Format, 2, kParts>(args, x, first, last, token);
            break;
        case 3:
            int8Tiles<Format, 3, kParts>(args, x, first, last, token);
            break;
        default:
            int8Tiles<Format, kFewTokens, kParts>(args, x, first, last, token);
            break;
    }
}

// Blocks of panels stay in the second-level cache while all tokens pass.
template <class Format>
void matmulInt8(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const std::size_t fitting = kBlockBytes / Format::panelBytes(args.columns);
    const int block = fitting == 0 ? 1 : static_cast<int>(fitting);
    for (int first = firstPanel; first < lastPanel; first += block) {
        const int last = lastPanel - first < block ? lastPanel : first + block;
        int t = 0;
        for (; t + kManyTokens <= args.tokens; t += kManyTokens) {
            manyTokens<Format>(args, first, last, t);
        }
        for (; t < args.tokens; t += kFewTokens) {
            fewTokens<Format>(args, first, last, t, args.tokens - t);
        }
    }
}

// ---- plain weights -------------------------------------------------------------------------------------------------

constexpr int kFloatTileTokens = 6;  // 24 sums, 4 registers of weights

template <class Format, int T>
void floatTile(const std::byte* panel, const float* x, std::ptrdiff_t columns, const Destination& to) {
    float32x4_t acc[T][kParts] = {};
    for (std::ptrdiff_t k = 0; k < columns; ++k, panel += Format::kColumnBytes) {
        float32x4_t w[kParts];
#pragma GCC unroll 4
        for (int r = 0; r < kParts; ++r) {
            w[r] = Format::values128(panel + r * kPartRows * Format::kValueBytes);
        }
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t) {
#pragma GCC unroll 4
            for (int r = 0; r < kParts; ++r) {
                acc[t][r] = vfmaq_n_f32(acc[t][r], w[r], x[t * columns + k]);
            }
        }
    }
    writeTile<T, kParts>(to, acc);
}

template <class Format>
void floatTileOf(int tokens, const std::byte* panel, const float* x, std::ptrdiff_t columns, const Destination& to) {
    switch (tokens) {
        case 1:
            floatTile<Format, 1>(panel, x, columns, to);
            break;
        case 2:
            floatTile<Format, 2>(panel, x, columns, to);
            break;
        case 3:
            floatTile<Format, 3>(panel, x, columns, to);
            break;
        case 4:
            floatTile<Format, 4>(panel, x, columns, to);
            break;
        case 5:
            floatTile<Format, 5>(panel, x, columns, to);
            break;
        default:
            floatTile<Format, kFloatTileTokens>(panel, x, columns, to);
            break;
    }
}

template <class Format>
void matmulFloat(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const std::size_t panelBytes = Format::panelBytes(args.columns);
    for (int p = firstPanel; p < lastPanel; ++p) {
        const std::byte* panel = args.weights + static_cast<std::size_t>(p) * panelBytes;
        for (int t = 0; t < args.tokens; t += kFloatTileTokens) {
            floatTileOf<Format>(args.tokens - t, panel, args.x + std::ptrdiff_t{t} * args.columns, args.columns,
                                destinationOf(args, p * kPanelRows, t));
        }
    }
}

// ---- table ---------------------------------------------------------------------------------------------------------

// The best instruction that multiplies bytes, twelve chains: more than its latency times its rate.
std::uint64_t int8Probe(std::uint64_t rounds) {
    constexpr int kChains = 12;
    volatile std::int8_t seed = 3;
    const int8x16_t factor = vdupq_n_s8(seed);
    int32x4_t chains[kChains] = {};
    for (std::uint64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
        for (int i = 0; i < kChains; ++i) {
#if defined(__ARM_FEATURE_MATMUL_INT8)
            int32x4_t chain = vmmlaq_s32(chains[i], factor, factor);
#elif defined(__ARM_FEATURE_DOTPROD)
            int32x4_t chain = vdotq_s32(chains[i], factor, factor);
#else
            int32x4_t chain = vreinterpretq_s32_s16(vmlal_high_s8(vreinterpretq_s16_s32(chains[i]), factor, factor));
#endif
            __asm__("" : "+w"(chain));  // else the compiler sees that all chains are the same
            chains[i] = chain;
        }
    }
    for (const int32x4_t& chain : chains) {
        seed = static_cast<std::int8_t>(seed + vgetq_lane_s32(chain, 0));
    }
#if defined(__ARM_FEATURE_MATMUL_INT8)
    constexpr int kProducts = 32;
#elif defined(__ARM_FEATURE_DOTPROD)
    constexpr int kProducts = 16;
#else
    constexpr int kProducts = 8;
#endif
    return rounds * kChains * kProducts;
}

void fillMatmuls(Kernels& table) {
    PlainFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulFloat<F>; });
    QuantizedFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulInt8<F>; });
    table.int8Probe = int8Probe;
}

}  // namespace
}  // namespace larder::kernels
