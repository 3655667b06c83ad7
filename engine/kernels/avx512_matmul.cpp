// Matrix product for AVX-512 with VNNI: a panel of 16 rows is one register.
#include "engine/kernels/avx512_intrinsics.h"

#include <cstddef>
#include <cstdint>

#include "engine/kernels/avx512_kernels.h"
#include "engine/kernels/formats/all.h"

namespace larder::kernels {
namespace {

// Tiles: up to 8 tokens x 1 panel while weights stream from memory, 4 tokens x 2 panels for prompts.
constexpr int kNarrowTokens = 8;
constexpr int kWideTokens = 4;
constexpr int kWideFrom = 16;  // tokens
constexpr std::size_t kPrefetchBytes = 1024;
constexpr std::size_t kBlockBytes = 384 * 1024;

inline __m512i broadcast4(const std::int8_t* codes) {
    int word;
    __builtin_memcpy(&word, codes, sizeof word);
    return _mm512_set1_epi32(word);
}

// The quantised activations of a tile's tokens.
struct Activations {
    const std::int8_t* codes;
    const float* scales;
    const std::int32_t* sums;
    const std::int32_t* firstSums;
    const float* scaledSums;
    std::ptrdiff_t columns;
    std::ptrdiff_t groups;
};

// The zero point's share in a step's integer dots, which start at it.
template <class Format>
inline __m512i zeroShare(const Activations& x, std::ptrdiff_t at, int step) {
    if constexpr (Format::kZeroPoint == 0) {
        return _mm512_setzero_si512();
    } else {
        const std::int32_t sum = Format::kSteps == 1 ? x.sums[at]
                                 : step == 0         ? x.firstSums[at]
                                                     : x.sums[at] - x.firstSums[at];
        return _mm512_set1_epi32(-Format::kZeroPoint * sum);
    }
}

// One step of a group (the columns that share a scale) into the accumulators: T tokens x P panels.
template <class Format, int T, int P>
__attribute__((always_inline)) inline void addStep(const typename Format::Place (&places)[P], const Activations& x,
                                                   std::ptrdiff_t g, int step, __m512 (&acc)[T][P]) {
    constexpr int kRegisters = 8 / Format::kSteps;
    const std::int8_t* q = x.codes + g * kGroup;
    __m512i dots[T][P];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        const __m512i start = zeroShare<Format>(x, t * x.groups + g, step);
#pragma GCC unroll 2
        for (int p = 0; p < P; ++p) {
            dots[t][p] = start;
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < kRegisters; ++i) {
        // Registers j and j + 4 of nibbles come from the same bytes: one after the other.
        const int j = Format::kSteps == 1 ? i % 2 * 4 + i / 2 : step * kRegisters + i;
        __m512i codes[P];
#pragma GCC unroll 2
        for (int p = 0; p < P; ++p) {
            codes[p] = Format::codes512(places[p], j);
        }
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) {
            const __m512i a = broadcast4(q + t * x.columns + 4 * j);
#pragma GCC unroll 2
            for (int p = 0; p < P; ++p) {
                dots[t][p] = _mm512_dpbusd_epi32(dots[t][p], codes[p], a);
            }
        }
    }
    __m512 scales[P];
#pragma GCC unroll 2
    for (int p = 0; p < P; ++p) {
        scales[p] = Format::scales512(places[p], step);
    }
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        const __m512 scale = _mm512_set1_ps(x.scales[t * x.groups + g]);
#pragma GCC unroll 2
        for (int p = 0; p < P; ++p) {
            const __m512 product = _mm512_mul_ps(scales[p], scale);
            acc[t][p] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[t][p]), product, acc[t][p]);
        }
    }
}

template <class Format, int T, int P>
__attribute__((always_inline)) inline void addGroup(const typename Format::Place (&places)[P], const Activations& x,
                                                    std::ptrdiff_t g, __m512 (&acc)[T][P]) {
#pragma GCC unroll 2
    for (int step = 0; step < Format::kSteps; ++step) {
        addStep<Format, T, P>(places, x, g, step, acc);
    }
    if constexpr (Format::kHasMinima) {
        static_assert(Format::kSteps == 1);
#pragma GCC unroll 2
        for (int p = 0; p < P; ++p) {
            const __m512 minimum = Format::minima512(places[p]);
#pragma GCC unroll 8
            for (int t = 0; t < T; ++t) {
                acc[t][p] = _mm512_fmadd_ps(minimum, _mm512_set1_ps(x.scaledSums[t * x.groups + g]), acc[t][p]);
            }
        }
    }
}

// Where a tile's results go: T tokens x P panels, the last panel with `lanes` rows that exist.
struct Destination {
    const float* residual;  // or null
    float* y;
    std::ptrdiff_t stride;
    int lanes;
};

template <int T, int P>
__attribute__((always_inline)) inline void writeTile(const Destination& to, const __m512 (&acc)[T][P]) {
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
#pragma GCC unroll 2
        for (int p = 0; p < P; ++p) {
            const auto mask = static_cast<__mmask16>(p == P - 1 ? (1u << to.lanes) - 1u : 0xffffu);
            const std::ptrdiff_t at = t * to.stride + p * kPanelRows;
            const __m512 value = to.residual == nullptr
                                     ? acc[t][p]
                                     : _mm512_add_ps(_mm512_maskz_loadu_ps(mask, to.residual + at), acc[t][p]);
            _mm512_mask_storeu_ps(to.y + at, mask, value);
        }
    }
}

// Whether memory is asked for ahead with one token, too: it paid where a panel has no minima (kernels.md).
template <class Format>
constexpr bool kPrefetchOne = Format::kLargestCode < 255 && !Format::kHasMinima;

template <class Format, int T, int P>
__attribute__((noinline)) void int8Tile(const std::byte* panel, std::size_t panelBytes, const Activations& x,
                                        const Destination& to) {
    constexpr int kUnit = Format::kUnitGroups;
    __m512 acc[T][P];
#pragma GCC unroll 8
    for (int i = 0; i < T * P; ++i) {
        acc[i / P][i % P] = _mm512_setzero_ps();
    }
    typename Format::Place places[P];
    std::ptrdiff_t g = 0;
    for (; g + kUnit <= x.groups; g += kUnit, panel += Format::kUnitBytes) {
        if constexpr (P == 1 && (T > 1 || kPrefetchOne<Format>)) {
#pragma GCC unroll 64
            for (std::size_t line = 0; line < Format::kUnitBytes; line += 64) {
                _mm_prefetch(reinterpret_cast<const char*>(panel + kPrefetchBytes + line), _MM_HINT_T0);
            }
        }
#pragma GCC unroll 2
        for (int i = 0; i < kUnit; ++i) {
#pragma GCC unroll 2
            for (int p = 0; p < P; ++p) {
                places[p] = Format::place(panel + static_cast<std::size_t>(p) * panelBytes, i);
            }
            addGroup<Format, T, P>(places, x, g + i, acc);
        }
    }
    if constexpr (kUnit == 2) {
        if (g < x.groups) {
#pragma GCC unroll 2
            for (int p = 0; p < P; ++p) {
                places[p] = Format::lastPlace(panel + static_cast<std::size_t>(p) * panelBytes);
            }
            addGroup<Format, T, P>(places, x, g, acc);
        }
    }
    writeTile<T, P>(to, acc);
}

Activations activationsFrom(const MatmulArgs& args, int token) {
    const std::ptrdiff_t groups = args.columns / kGroup;
    const std::ptrdiff_t at = token * groups;
    const QuantizedRows& q = args.quantized;
    return {q.codes + at * kGroup,          q.scales + at, q.sums + at, q.firstSums + at, q.scaledSums + at,
            groups * std::ptrdiff_t{kGroup}, groups};
}

// Of a tile that ends with panel `lastPanel`.
Destination destinationOf(const MatmulArgs& args, int firstPanel, int lastPanel, int token) {
    const std::ptrdiff_t row = std::ptrdiff_t{firstPanel} * kPanelRows;
    const std::ptrdiff_t at = token * args.yStride + row;
    const std::ptrdiff_t left = args.rows - std::ptrdiff_t{lastPanel} * kPanelRows;
    return {args.residual == nullptr ? nullptr : args.residual + at, args.y + at, args.yStride,
            left < kPanelRows ? static_cast<int>(left) : kPanelRows};
}

// T tokens from `token` on with the panels [first, last), P at a time.
template <class Format, int T, int P>
void int8Tiles(const MatmulArgs& args, std::size_t panelBytes, int first, int last, int token) {
    const Activations x = activationsFrom(args, token);
    int p = first;
    for (; p + P <= last; p += P) {
        int8Tile<Format, T, P>(args.weights + static_cast<std::size_t>(p) * panelBytes, panelBytes, x,
                               destinationOf(args, p, p + P - 1, token));
    }
    if constexpr (P > 1) {
        int8Tiles<Format, T, 1>(args, panelBytes, p, last, token);
    }
}

template <class Format, int P>
void int8TilesOf(int tokens, const MatmulArgs& args, std::size_t panelBytes, int first, int last, int token) {
    switch (tokens) {
        case 1:
            int8Tiles<Format, 1, P>(args, panelBytes, first, last, token);
            break;
        case 2:
            int8Tiles<Format, 2, P>(args, panelBytes, first, last, token);
            break;
        case 3:
            int8Tiles<Format, 3, P>(args, panelBytes, first, last, token);
            break;
        case 4:
            int8Tiles<Format, 4, P>(args, panelBytes, first, last, token);
            break;
        default:
            break;
    }
    if constexpr (P == 1) {
        switch (tokens) {
            case 5:
                int8Tiles<Format, 5, 1>(args, panelBytes, first, last, token);
                break;
            case 6:
                int8Tiles<Format, 6, 1>(args, panelBytes, first, last, token);
                break;
            case 7:
                int8Tiles<Format, 7, 1>(args, panelBytes, first, last, token);
                break;
            case 8:
                int8Tiles<Format, 8, 1>(args, panelBytes, first, last, token);
                break;
            default:
                break;
        }
    }
}

// Blocks of panels stay in the second-level cache while all tokens pass.
template <class Format>
void matmulInt8(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const std::size_t panelBytes = Format::panelBytes(args.columns);
    const int fitting = static_cast<int>(kBlockBytes / panelBytes) / 2 * 2;
    const int block = fitting < 2 ? 2 : fitting;
    const bool wide = args.tokens >= kWideFrom;
    const int step = wide ? kWideTokens : kNarrowTokens;
    for (int first = firstPanel; first < lastPanel; first += block) {
        const int last = lastPanel - first < block ? lastPanel : first + block;
        for (int t = 0; t < args.tokens; t += step) {
            const int tokens = args.tokens - t < step ? args.tokens - t : step;
            if (wide) {
                int8TilesOf<Format, 2>(tokens, args, panelBytes, first, last, t);
            } else {
                int8TilesOf<Format, 1>(tokens, args, panelBytes, first, last, t);
            }
        }
    }
}

// ---- plain weights ------------------------------------------------------------------------------------------------

template <class Format, int T>
void floatTile(const std::byte* panel, const float* x, std::ptrdiff_t columns, const Destination& to) {
    __m512 acc[T][1];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        acc[t][0] = _mm512_setzero_ps();
    }
    for (std::ptrdiff_t k = 0; k < columns; ++k, panel += Format::kColumnBytes) {
        _mm_prefetch(reinterpret_cast<const char*>(panel + kPrefetchBytes), _MM_HINT_T0);
        const __m512 w = Format::values512(panel);
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) {
            acc[t][0] = _mm512_fmadd_ps(w, _mm512_set1_ps(x[t * columns + k]), acc[t][0]);
        }
    }
    writeTile<T, 1>(to, acc);
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
        case 6:
            floatTile<Format, 6>(panel, x, columns, to);
            break;
        case 7:
            floatTile<Format, 7>(panel, x, columns, to);
            break;
        default:
            floatTile<Format, kNarrowTokens>(panel, x, columns, to);
            break;
    }
}

template <class Format>
void matmulFloat(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const std::size_t panelBytes = Format::panelBytes(args.columns);
    for (int p = firstPanel; p < lastPanel; ++p) {
        const std::byte* panel = args.weights + static_cast<std::size_t>(p) * panelBytes;
        for (int t = 0; t < args.tokens; t += kNarrowTokens) {
            floatTileOf<Format>(args.tokens - t < kNarrowTokens ? args.tokens - t : kNarrowTokens, panel,
                                args.x + std::ptrdiff_t{t} * args.columns, args.columns, destinationOf(args, p, p, t));
        }
    }
}

}  // namespace

void avx512Matmuls(Kernels& table) {
    PlainFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulFloat<F>; });
    QuantizedFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulInt8<F>; });
}

}  // namespace larder::kernels
