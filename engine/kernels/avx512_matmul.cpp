// Matrix product for AVX-512 with VNNI: a panel of 16 rows is one register.
#include "engine/kernels/avx512_intrinsics.h"

#include <cstddef>
#include <cstdint>

#include "engine/kernels/avx512_kernels.h"
#include "engine/kernels/panel_layout.h"

namespace larder::kernels {
namespace {

// Tiles: up to 8 tokens x 1 panel while weights stream from memory, 4 tokens x 2 panels for prompts.
constexpr int kNarrowTokens = 8;
constexpr int kWideTokens = 4;
constexpr int kWideFrom = 16;  // tokens
constexpr std::size_t kPrefetchBytes = 1024;
constexpr std::size_t kBlockBytes = 384 * 1024;

inline __m512i load(const std::byte* address) {
    return _mm512_loadu_si512(address);
}

inline __m512i broadcast4(const std::int8_t* codes) {
    int word;
    __builtin_memcpy(&word, codes, sizeof word);
    return _mm512_set1_epi32(word);
}

inline __m512 loadHalves(const std::byte* halves) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves)));
}

struct Q4_0 {
    static constexpr int kCodeBytes = kCodes4Bytes;
    static constexpr int kZeroPoint = 8;
    static constexpr bool kHasMinima = false;
    static constexpr bool kPrefetchOne = true;  // prefetching pays for one token, too
};
struct Q4_1 {
    static constexpr int kCodeBytes = kCodes4Bytes;
    static constexpr int kZeroPoint = 0;
    static constexpr bool kHasMinima = true;
    static constexpr bool kPrefetchOne = false;
};
struct Q8_0 {
    static constexpr int kCodeBytes = kCodes8Bytes;
    static constexpr int kZeroPoint = 128;
    static constexpr bool kHasMinima = false;
    static constexpr bool kPrefetchOne = false;
};

// The quantised activations of a tile's tokens.
struct Activations {
    const std::int8_t* codes;
    const float* scales;
    const std::int32_t* sums;
    const float* scaledSums;
    std::ptrdiff_t columns;
    std::ptrdiff_t groups;
};

// Where P panels' groups lie: the first panel's, and the distance to the next panel.
struct GroupsPlace {
    GroupPlace first;
    std::size_t panelBytes;
};

// Integer dots of one group, T tokens x P panels; they start at the zero point's share.
template <class Format, int T, int P>
__attribute__((always_inline)) inline void addDots(const GroupsPlace& place, const std::int8_t* q,
                                                   std::ptrdiff_t columns, __m512i (&dots)[T][P]) {
    const __m512i mask = _mm512_set1_epi8(15);
#pragma GCC unroll 8
    for (int j = 0; j < Format::kCodeBytes / 64; ++j) {
        __m512i codes[P];
#pragma GCC unroll 2
        for (int p = 0; p < P; ++p) {
            codes[p] = load(place.first.codes + static_cast<std::size_t>(p) * place.panelBytes + 64 * j);
        }
        if constexpr (Format::kCodeBytes == kCodes8Bytes) {
#pragma GCC unroll 8
            for (int t = 0; t < T; ++t) {
                const __m512i a = broadcast4(q + t * columns + 4 * j);
#pragma GCC unroll 2
                for (int p = 0; p < P; ++p) {
                    dots[t][p] = _mm512_dpbusd_epi32(dots[t][p], codes[p], a);
                }
            }
        } else {
            __m512i low[P];
            __m512i high[P];
#pragma GCC unroll 2
            for (int p = 0; p < P; ++p) {
                low[p] = _mm512_and_si512(codes[p], mask);
                high[p] = _mm512_and_si512(_mm512_srli_epi16(codes[p], 4), mask);
            }
#pragma GCC unroll 8
            for (int t = 0; t < T; ++t) {
                const __m512i a = broadcast4(q + t * columns + 4 * j);
                const __m512i b = broadcast4(q + t * columns + 16 + 4 * j);
#pragma GCC unroll 2
                for (int p = 0; p < P; ++p) {
                    dots[t][p] = _mm512_dpbusd_epi32(dots[t][p], low[p], a);
                    dots[t][p] = _mm512_dpbusd_epi32(dots[t][p], high[p], b);
                }
            }
        }
    }
}

template <class Format, int T, int P>
__attribute__((always_inline)) inline void addGroup(const GroupsPlace& place, const Activations& x, std::ptrdiff_t g,
                                                    __m512 (&acc)[T][P]) {
    __m512i dots[T][P];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        const __m512i start = Format::kZeroPoint == 0
                                  ? _mm512_setzero_si512()
                                  : _mm512_set1_epi32(-Format::kZeroPoint * x.sums[t * x.groups + g]);
#pragma GCC unroll 2
        for (int p = 0; p < P; ++p) {
            dots[t][p] = start;
        }
    }
    addDots<Format, T, P>(place, x.codes + g * kGroup, x.columns, dots);
#pragma GCC unroll 2
    for (int p = 0; p < P; ++p) {
        const __m512 scale = loadHalves(place.first.scales + static_cast<std::size_t>(p) * place.panelBytes);
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) {
            const __m512 product = _mm512_mul_ps(scale, _mm512_set1_ps(x.scales[t * x.groups + g]));
            acc[t][p] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[t][p]), product, acc[t][p]);
        }
        if constexpr (Format::kHasMinima) {
            const __m512 minimum = loadHalves(place.first.minima + static_cast<std::size_t>(p) * place.panelBytes);
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

template <class Format, int T, int P>
__attribute__((noinline)) void int8Tile(const std::byte* panel, std::size_t panelBytes, const Activations& x,
                                        const Destination& to) {
    constexpr std::size_t kPairBytes = groupPairBytes(Format::kCodeBytes, Format::kHasMinima);
    __m512 acc[T][P];
#pragma GCC unroll 8
    for (int i = 0; i < T * P; ++i) {
        acc[i / P][i % P] = _mm512_setzero_ps();
    }
    std::ptrdiff_t g = 0;
    for (; g + 1 < x.groups; g += 2, panel += kPairBytes) {
        if constexpr (P == 1 && (T > 1 || Format::kPrefetchOne)) {
#pragma GCC unroll 17
            for (std::size_t line = 0; line < kPairBytes; line += 64) {
                _mm_prefetch(reinterpret_cast<const char*>(panel + kPrefetchBytes + line), _MM_HINT_T0);
            }
        }
        const std::byte* scales = panel + 2 * Format::kCodeBytes;
        addGroup<Format, T, P>({{panel, scales, scales + 2 * kLaneHalvesBytes}, panelBytes}, x, g, acc);
        addGroup<Format, T, P>(
            {{panel + Format::kCodeBytes, scales + kLaneHalvesBytes, scales + 3 * kLaneHalvesBytes}, panelBytes}, x,
            g + 1, acc);
    }
    if (g < x.groups) {
        const std::byte* scales = panel + Format::kCodeBytes;
        addGroup<Format, T, P>({{panel, scales, scales + 64}, panelBytes}, x, g, acc);
    }
    writeTile<T, P>(to, acc);
}

Activations activationsFrom(const MatmulArgs& args, int token) {
    const std::ptrdiff_t groups = args.columns / kGroup;
    const std::ptrdiff_t at = token * groups;
    return {args.quantized.codes + at * kGroup, args.quantized.scales + at,      args.quantized.sums + at,
            args.quantized.scaledSums + at,     groups * std::ptrdiff_t{kGroup}, groups};
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
    const std::size_t panelBytes = int8PanelBytes(Format::kCodeBytes, Format::kHasMinima, args.columns / kGroup);
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

// ---- weights as floats
// -----------------------------------------------------------------------------------------------

struct F32 {
    static constexpr int kBytes = 4;
    static __m512 load16(const std::byte* values) { return _mm512_loadu_ps(reinterpret_cast<const float*>(values)); }
};
struct F16 {
    static constexpr int kBytes = 2;
    static __m512 load16(const std::byte* values) { return loadHalves(values); }
};
struct BF16 {
    static constexpr int kBytes = 2;
    static __m512 load16(const std::byte* values) {
        const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16));
    }
};

template <class Format, int T>
void floatTile(const std::byte* panel, const float* x, std::ptrdiff_t columns, const Destination& to) {
    __m512 acc[T][1];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        acc[t][0] = _mm512_setzero_ps();
    }
    for (std::ptrdiff_t k = 0; k < columns; ++k, panel += kPanelRows * Format::kBytes) {
        _mm_prefetch(reinterpret_cast<const char*>(panel + kPrefetchBytes), _MM_HINT_T0);
        const __m512 w = Format::load16(panel);
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
    const std::size_t panelBytes = floatPanelBytes(Format::kBytes, args.columns);
    for (int p = firstPanel; p < lastPanel; ++p) {
        const std::byte* panel = args.weights + static_cast<std::size_t>(p) * panelBytes;
        for (int t = 0; t < args.tokens; t += kNarrowTokens) {
            floatTileOf<Format>(args.tokens - t < kNarrowTokens ? args.tokens - t : kNarrowTokens, panel,
                                args.x + std::ptrdiff_t{t} * args.columns, args.columns, destinationOf(args, p, p, t));
        }
    }
}

}  // namespace

void avx512MatmulF32(const MatmulArgs& args, int first, int last) {
    matmulFloat<F32>(args, first, last);
}
void avx512MatmulF16(const MatmulArgs& args, int first, int last) {
    matmulFloat<F16>(args, first, last);
}
void avx512MatmulBf16(const MatmulArgs& args, int first, int last) {
    matmulFloat<BF16>(args, first, last);
}
void avx512MatmulQ4_0(const MatmulArgs& args, int first, int last) {
    matmulInt8<Q4_0>(args, first, last);
}
void avx512MatmulQ4_1(const MatmulArgs& args, int first, int last) {
    matmulInt8<Q4_1>(args, first, last);
}
void avx512MatmulQ8_0(const MatmulArgs& args, int first, int last) {
    matmulInt8<Q8_0>(args, first, last);
}

}  // namespace larder::kernels
