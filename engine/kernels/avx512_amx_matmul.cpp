// Matrix product for CPUs with AMX: from 16 tokens on, int8 dots come from tiles of 16 tokens x 16 rows; scaling and
// adding up is AVX-512's. A panel is unpacked to signed bytes once for all tokens, so the formats differ only there.
// Fewer tokens, and what is left over, take the AVX-512 VNNI entries: the bits are the same. (Tiles of 8 tokens were
// slower than those: unpacking a panel costs as much as they save.)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/avx512_kernels.h"
#include "engine/kernels/avx512_panels.h"

namespace larder::kernels {
namespace {

constexpr int kChunkGroups = 32;   // of a panel that are unpacked at once: 16 KB of codes in the first-level cache
constexpr int kBlockTokens = 512;  // that pass while a panel is unpacked
constexpr int kTileTokens = 16;
constexpr int kTileInts = kTileTokens * kPanelRows;

// Tile registers: sums 0 and 1 in turn, tokens 2, weights 3.
__attribute__((always_inline)) inline void tileDots(const std::int8_t* tokens, const std::int8_t* weights,
                                                    std::int32_t* sums, bool second) {
    _tile_loadd(3, weights, 64);
    _tile_loadd(2, tokens, kGroup);
    if (second) {
        _tile_zero(1);
        _tile_dpbssd(1, 2, 3);
        _tile_stored(1, sums, 64);
    } else {
        _tile_zero(0);
        _tile_dpbssd(0, 2, 3);
        _tile_stored(0, sums, 64);
    }
}

// The integers of one step of a group, scaled, into the sums of 16 tokens; a group's last step brings its minima.
template <class Format>
__attribute__((always_inline)) inline void addScaled(const UnpackedPanel<kChunkGroups>& w, const TokenGroups& x, int at,
                                                     const std::int32_t* dots, __m512 (&acc)[kTileTokens]) {
    const int g = at / Format::kSteps;
    const __m512 scales = _mm512_load_ps(w.scales + at * kPanelRows);
    const float* tokenScales = x.scales + g * x.width;
#pragma GCC unroll 16
    for (int t = 0; t < kTileTokens; ++t) {
        const __m512 product = _mm512_mul_ps(scales, _mm512_set1_ps(tokenScales[t]));
        const __m512 dot = _mm512_cvtepi32_ps(_mm512_load_si512(dots + t * kPanelRows));
        acc[t] = _mm512_fmadd_ps(dot, product, acc[t]);
    }
    if constexpr (Format::kHasMinima) {
        static_assert(Format::kSteps == 1);
        const __m512 minima = _mm512_load_ps(w.minima + g * kPanelRows);
        const float* tokenSums = x.scaledSums + g * x.width;
#pragma GCC unroll 16
        for (int t = 0; t < kTileTokens; ++t) {
            acc[t] = _mm512_fmadd_ps(minima, _mm512_set1_ps(tokenSums[t]), acc[t]);
        }
    }
}

// Adds `groups` groups for 16 tokens and 16 rows. x: at the first of the groups. ahead: null, or what comes after these
// groups in memory and is asked for meanwhile. With one step a group, its integers are scaled while the tiles multiply the
// next group (two steps are far enough apart by themselves).
template <class Format>
__attribute__((noinline)) void addChunk(const UnpackedPanel<kChunkGroups>& w, const TokenGroups& x, int groups,
                                        float* state, const std::byte* ahead) {
    constexpr int T = kTileTokens;
    constexpr int kSteps = Format::kSteps;
    constexpr int kStepColumns = kGroup / kSteps;
    constexpr int kDelay = kSteps == 1 ? 1 : 0;  // steps
    alignas(64) std::int32_t sums[2][kTileInts];
    __m512 acc[T];
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) {
        acc[t] = _mm512_load_ps(state + t * kPanelRows);
    }
    const std::int8_t* codes = x.codes;
    for (int g = 0; g < groups; ++g, codes += x.width * kGroup) {
        if (ahead != nullptr) {
            prefetchGroup<Format>(ahead, g);
        }
#pragma GCC unroll 2
        for (int step = 0; step < kSteps; ++step) {
            const int at = g * kSteps + step;
            tileDots(codes + step * kStepColumns, w.codes + at * kStepColumns * kPanelRows, sums[at % 2], at % 2 == 1);
            if (at >= kDelay) {
                addScaled<Format>(w, x, at - kDelay, sums[(at - kDelay) % 2], acc);
            }
        }
    }
    if constexpr (kDelay == 1) {
        addScaled<Format>(w, x, groups - 1, sums[(groups - 1) % 2], acc);
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
    // GCC 12's intrinsic tells the compiler of 8 of these 64 bytes only: the others must be stored by now.
    __asm__ volatile("" : : "r"(&config) : "memory");
    _tile_loadconfig(&config);
}

// One panel for the tokens [firstToken, firstToken + tokens), a multiple of 16.
template <class Format>
void multiplyPanel(const MatmulArgs& args, int panel, int firstToken, int tokens, UnpackedPanel<kChunkGroups>& unpacked,
                   float* state) {
    const int groups = args.columns / kGroup;
    const std::byte* weights = args.weights + static_cast<std::size_t>(panel) * Format::panelBytes(args.columns);
    for (int t = 0; t < tokens; ++t) {
        _mm512_store_ps(state + t * kPanelRows, _mm512_setzero_ps());
    }
    for (int first = 0; first < groups; first += kChunkGroups) {
        const int count = groups - first < kChunkGroups ? groups - first : kChunkGroups;
        unpackPanel<Format, CodeSign::Signed>(weights, groups, first, count, unpacked);
        // Panels follow each other: so do the groups of the next one.
        const std::byte* ahead =
            weights + (first + count < groups
                           ? static_cast<std::size_t>((first + count) / Format::kUnitGroups) * Format::kUnitBytes
                           : Format::panelBytes(args.columns));
        for (int t = 0; t < tokens; t += kTileTokens) {
            const TokenGroups x = groupsFrom(groupsOf(args.quantized, args.columns, firstToken + t), first);
            addChunk<Format>(unpacked, x, count, state + t * kPanelRows, t == 0 ? ahead : nullptr);
        }
    }
    const Destination to = destinationOf(args, panel, panel, firstToken);
    for (int t = 0; t < tokens; ++t) {
        writeLanes<1>(to, t, 0, _mm512_load_ps(state + t * kPanelRows));
    }
}

template <class Format>
void matmulInt8(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const int tiled = args.tokens / kTileTokens * kTileTokens;
    if (tiled > 0) {
        configureTiles(kGroup / Format::kSteps);
        UnpackedPanel<kChunkGroups> unpacked;
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
        avx512MultiplyFewTokens(Format::kFormat, args, firstPanel, lastPanel, tiled);
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
