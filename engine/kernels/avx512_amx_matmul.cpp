// Matrix product for CPUs with AMX: from 8 tokens on, int8 dots come from tiles of 16 (or 8) tokens x 16 rows; scaling
// and adding up is AVX-512's. A panel is unpacked to signed bytes once for all tokens, so the formats differ only there.
// Fewer tokens, and what is left over, take the AVX-512 VNNI entries: the bits are the same.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/avx512_kernels.h"
#include "engine/kernels/formats/all.h"
#include "engine/kernels/isa_tables.h"

namespace larder::kernels {
namespace {

constexpr int kChunkGroups = 32;    // of a panel that are unpacked at once: 16 KB of codes in the first-level cache
constexpr int kBlockTokens = 512;   // that pass while a panel is unpacked
constexpr int kTileTokens = 16;
constexpr int kHalfTileTokens = 8;
constexpr int kTileInts = kTileTokens * kPanelRows;

// Part of a panel: signed codes in the layout a tile wants (4 columns a row of 64 bytes), scales and minima as f32.
struct Unpacked {
    alignas(64) std::int8_t codes[kChunkGroups * kGroup * kPanelRows];
    alignas(64) float scales[kChunkGroups * 2 * kPanelRows];  // [groups, steps, 16]
    alignas(64) float minima[kChunkGroups * kPanelRows];      // [groups, 16]
};

template <class Format>
__attribute__((always_inline)) inline void unpackGroup(const typename Format::Place& place, int g, Unpacked& to) {
    std::int8_t* codes = to.codes + g * kGroup * kPanelRows;
    const __m512i zero = _mm512_set1_epi8(static_cast<char>(Format::kZeroPoint));
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        const int j = i % 2 * 4 + i / 2;
        const __m512i unsignedCodes = Format::codes512(place, j);
        _mm512_store_si512(codes + 64 * j,
                           Format::kZeroPoint == 0 ? unsignedCodes : _mm512_sub_epi8(unsignedCodes, zero));
    }
#pragma GCC unroll 2
    for (int step = 0; step < Format::kSteps; ++step) {
        _mm512_store_ps(to.scales + (g * Format::kSteps + step) * kPanelRows, Format::scales512(place, step));
    }
    if constexpr (Format::kHasMinima) {
        _mm512_store_ps(to.minima + g * kPanelRows, Format::minima512(place));
    }
}

// Groups [first, first + count) of a panel of `groups` groups; first is a multiple of a unit.
template <class Format>
void unpackChunk(const std::byte* panel, int groups, int first, int count, Unpacked& to) {
    constexpr int kUnit = Format::kUnitGroups;
    const std::byte* unit = panel + static_cast<std::size_t>(first / kUnit) * Format::kUnitBytes;
    int g = 0;
    for (; g + kUnit <= count; g += kUnit, unit += Format::kUnitBytes) {
#pragma GCC unroll 64
        for (std::size_t line = 0; line < Format::kUnitBytes; line += 64) {
            _mm_prefetch(reinterpret_cast<const char*>(unit + 2048 + line), _MM_HINT_T0);
        }
#pragma GCC unroll 2
        for (int i = 0; i < kUnit; ++i) {
            unpackGroup<Format>(Format::place(unit, i), g + i, to);
        }
    }
    if (g < count) {
        unpackGroup<Format>(groupPlace<Format>(panel, groups, first + g), g, to);
    }
}

// What a tile's tokens bring for one chunk of a panel.
struct TileInput {
    const std::int8_t* codes;  // of the first token and group
    const float* scales;
    const float* scaledSums;
    std::ptrdiff_t columns;    // strides
    std::ptrdiff_t groups;
};

// Tile registers: sums 0, 1 and tokens 2 for 16 tokens, 4, 5 and 6 for 8; weights 3.
template <int T>
__attribute__((always_inline)) inline void tileDots(const std::int8_t* tokens, std::ptrdiff_t stride,
                                                    const std::int8_t* weights, std::int32_t* sums, bool second) {
    _tile_loadd(3, weights, 64);
    if constexpr (T == kTileTokens) {
        _tile_loadd(2, tokens, stride);
        if (second) {
            _tile_zero(1);
            _tile_dpbssd(1, 2, 3);
            _tile_stored(1, sums, 64);
        } else {
            _tile_zero(0);
            _tile_dpbssd(0, 2, 3);
            _tile_stored(0, sums, 64);
        }
    } else {
        _tile_loadd(6, tokens, stride);
        if (second) {
            _tile_zero(5);
            _tile_dpbssd(5, 6, 3);
            _tile_stored(5, sums, 64);
        } else {
            _tile_zero(4);
            _tile_dpbssd(4, 6, 3);
            _tile_stored(4, sums, 64);
        }
    }
}

// Adds `groups` groups for T tokens and 16 rows.
template <class Format, int T>
__attribute__((noinline)) void addChunk(const Unpacked& w, const TileInput& x, int groups, float* state) {
    constexpr int kSteps = Format::kSteps;
    constexpr int kStepColumns = kGroup / kSteps;
    alignas(64) std::int32_t sums[2][kTileInts];
    __m512 acc[T];
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) {
        acc[t] = _mm512_load_ps(state + t * kPanelRows);
    }
    for (int at = 0; at < groups * kSteps; ++at) {
        const int g = at / kSteps;
        std::int32_t* dots = sums[at % 2];
        tileDots<T>(x.codes + at * kStepColumns, x.columns, w.codes + at * kStepColumns * kPanelRows, dots, at % 2 == 1);
        const __m512 scales = _mm512_load_ps(w.scales + at * kPanelRows);
#pragma GCC unroll 16
        for (int t = 0; t < T; ++t) {
            const __m512 product = _mm512_mul_ps(scales, _mm512_set1_ps(x.scales[t * x.groups + g]));
            const __m512 dot = _mm512_cvtepi32_ps(_mm512_load_si512(dots + t * kPanelRows));
            acc[t] = _mm512_fmadd_ps(dot, product, acc[t]);
        }
        if constexpr (Format::kHasMinima) {
            const __m512 minima = _mm512_load_ps(w.minima + g * kPanelRows);
#pragma GCC unroll 16
            for (int t = 0; t < T; ++t) {
                acc[t] = _mm512_fmadd_ps(minima, _mm512_set1_ps(x.scaledSums[t * x.groups + g]), acc[t]);
            }
        }
    }
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) {
        _mm512_store_ps(state + t * kPanelRows, acc[t]);
    }
}

void configureTiles(int stepColumns) {
    struct alignas(64) {
        std::uint8_t palette = 1;
        std::uint8_t startRow = 0;
        std::uint8_t reserved[14] = {};
        std::uint16_t rowBytes[16] = {};
        std::uint8_t rows[16] = {};
    } config;
    const auto set = [&config](int tile, int rows, int rowBytes) {
        config.rows[tile] = static_cast<std::uint8_t>(rows);
        config.rowBytes[tile] = static_cast<std::uint16_t>(rowBytes);
    };
    for (const int tile : {0, 1}) {
        set(tile, kTileTokens, 64);
    }
    set(2, kTileTokens, stepColumns);
    set(3, stepColumns / 4, 64);
    for (const int tile : {4, 5}) {
        set(tile, kHalfTileTokens, 64);
    }
    set(6, kHalfTileTokens, stepColumns);
    _tile_loadconfig(&config);
}

// The accumulators of one panel go out, 16 rows or fewer.
void writePanel(const MatmulArgs& args, int panel, int firstToken, int tokens, const float* state) {
    const std::ptrdiff_t row = std::ptrdiff_t{panel} * kPanelRows;
    const std::ptrdiff_t left = args.rows - row;
    const auto mask = static_cast<__mmask16>(left < kPanelRows ? (1u << left) - 1u : 0xffffu);
    for (int t = 0; t < tokens; ++t) {
        const std::ptrdiff_t at = (firstToken + t) * args.yStride + row;
        __m512 value = _mm512_load_ps(state + t * kPanelRows);
        if (args.residual != nullptr) {
            value = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, args.residual + at), value);
        }
        _mm512_mask_storeu_ps(args.y + at, mask, value);
    }
}

// One panel for the tokens [firstToken, firstToken + tokens), a multiple of 8.
template <class Format>
void multiplyPanel(const MatmulArgs& args, int panel, int firstToken, int tokens, Unpacked& unpacked, float* state) {
    const int groups = args.columns / kGroup;
    const std::byte* weights = args.weights + static_cast<std::size_t>(panel) * Format::panelBytes(args.columns);
    for (int t = 0; t < tokens; ++t) {
        _mm512_store_ps(state + t * kPanelRows, _mm512_setzero_ps());
    }
    for (int first = 0; first < groups; first += kChunkGroups) {
        const int count = groups - first < kChunkGroups ? groups - first : kChunkGroups;
        unpackChunk<Format>(weights, groups, first, count, unpacked);
        for (int t = 0; t < tokens;) {
            const std::ptrdiff_t at = std::ptrdiff_t{firstToken + t} * groups + first;
            const TileInput x = {args.quantized.codes + at * kGroup, args.quantized.scales + at,
                                 args.quantized.scaledSums + at, args.columns, groups};
            if (tokens - t >= kTileTokens) {
                addChunk<Format, kTileTokens>(unpacked, x, count, state + t * kPanelRows);
                t += kTileTokens;
            } else {
                addChunk<Format, kHalfTileTokens>(unpacked, x, count, state + t * kPanelRows);
                t += kHalfTileTokens;
            }
        }
    }
    writePanel(args, panel, firstToken, tokens, state);
}

// The same product from token `first` on.
MatmulArgs tokensFrom(const MatmulArgs& args, int first) {
    MatmulArgs rest = args;
    const std::ptrdiff_t at = std::ptrdiff_t{first} * (args.columns / kGroup);
    rest.tokens = args.tokens - first;
    rest.quantized = {args.quantized.codes + at * kGroup, args.quantized.scales + at, args.quantized.sums + at,
                      args.quantized.firstSums + at, args.quantized.scaledSums + at};
    rest.y = args.y + first * args.yStride;
    rest.residual = args.residual == nullptr ? nullptr : args.residual + first * args.yStride;
    return rest;
}

template <class Format>
void matmulInt8(const MatmulArgs& args, int firstPanel, int lastPanel) {
    static_assert(kChunkGroups % Format::kUnitGroups == 0);
    const int tiled = args.tokens / kHalfTileTokens * kHalfTileTokens;
    if (tiled > 0) {
        configureTiles(kGroup / Format::kSteps);
        Unpacked unpacked;
        alignas(64) float state[kBlockTokens * kPanelRows];
        for (int t = 0; t < tiled; t += kBlockTokens) {
            const int tokens = tiled - t < kBlockTokens ? tiled - t : kBlockTokens;
            for (int p = firstPanel; p < lastPanel; ++p) {
                multiplyPanel<Format>(args, p, t, tokens, unpacked, state);
            }
        }
        _tile_release();
    }
    if (tiled < args.tokens) {
        avx512VnniKernels()->matmul[static_cast<int>(Format::kFormat)](tokensFrom(args, tiled), firstPanel, lastPanel);
    }
}

// One tile product after the other, on four sums.
std::uint64_t int8Probe(std::uint64_t rounds) {
    configureTiles(64);
    for (std::uint64_t round = 0; round < rounds; round += 16) {
        _tile_dpbssd(0, 2, 3);
        _tile_dpbssd(1, 2, 3);
    }
    _tile_release();
    return (rounds + 15) / 16 * 2 * 16 * 16 * 64;
}

}  // namespace

void avx512AmxMatmuls(Kernels& table) {
    QuantizedFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulInt8<F>; });
    table.int8Probe = int8Probe;
}

}  // namespace larder::kernels
