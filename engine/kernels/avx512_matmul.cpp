// Matrix product for AVX-512 with VNNI: a panel of 16 rows is one register. Tiles multiply the panels as they stream from
// memory; only formats whose codes are dear to unpack (Q6_K) are unpacked once for many tokens (avx512_panels.h).
#include <cstddef>
#include <cstdint>

#include "engine/kernels/avx512_kernels.h"
#include "engine/kernels/avx512_panels.h"

namespace larder::kernels {
namespace {

constexpr int kNarrowTokens = 8;   // of a tile while panels stream
constexpr int kPairFrom = 4;       // tokens: from here on a tile goes over two panels, which share the broadcasts
constexpr int kWideTokens = 4;     // of a tile over two unpacked panels
constexpr int kUnpackFrom = 16;    // tokens, for formats that are unpacked at all
constexpr int kChunkGroups = 16;   // of two panels: 20 KB in the first-level cache, beside the tokens
constexpr int kBlockTokens = 256;  // that pass while two panels are unpacked
constexpr std::ptrdiff_t kPrefetchBytes = 4096;  // ahead of a panel of plain values that streams from memory
// The same for P quantised panels side by side. One token needs little of the cache and waits for memory alone; many
// fill it, with their codes and two panels.
template <int P>
constexpr std::ptrdiff_t kAheadBytes = P > 1 ? 4096 : 16384;

inline __m512i broadcast4(const std::int8_t* codes) {
    int word;
    __builtin_memcpy(&word, codes, sizeof word);
    return _mm512_set1_epi32(word);
}

// The zero point's share in the integer dots of a step, which start at it. at: of the group and token.
template <class Format>
inline __m512i zeroShare(const TokenGroups& x, std::ptrdiff_t at, int step) {
    if constexpr (Format::kZeroPoint == 0) {
        return _mm512_setzero_si512();
    } else {
        const std::int32_t sum = Format::kSteps == 1 ? x.sums[at]
                                 : step == 0         ? x.firstSums[at]
                                                     : x.sums[at] - x.firstSums[at];
        return _mm512_set1_epi32(-Format::kZeroPoint * sum);
    }
}

// What a group brings for P panels: registers of codes, scales and minima as f32.
template <class Format, int P>
struct PackedGroup {
    typename Format::Place places[P];

    __m512i codes(int p, int j) const { return Format::codes512(places[p], j); }
    __m512 scales(int p, int step) const { return Format::scales512(places[p], step); }
    __m512 minima(int p) const { return Format::minima512(places[p]); }
};
template <class Format>
struct UnpackedGroup {
    const UnpackedPanel<kChunkGroups>* panels;
    std::ptrdiff_t g;

    __m512i codes(int p, int j) const {
        return _mm512_loadu_si512(panels[p].codes + g * kGroup * kPanelRows + 64 * j);
    }
    __m512 scales(int p, int step) const {
        return _mm512_load_ps(panels[p].scales + (g * Format::kSteps + step) * kPanelRows);
    }
    __m512 minima(int p) const { return _mm512_load_ps(panels[p].minima + g * kPanelRows); }
};

// One step of a group (the columns that share a scale) into the accumulators: T tokens x P panels.
template <class Format, int T, int P, class Group>
__attribute__((always_inline)) inline void addStep(const Group& group, const TokenGroups& x, std::ptrdiff_t at,
                                                   int step, __m512 (&acc)[T][P]) {
    constexpr int kRegisters = 8 / Format::kSteps;
    const std::int8_t* q = x.codes + at * kGroup;
    __m512i dots[T][P];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        const __m512i start = zeroShare<Format>(x, at + t, step);
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
            codes[p] = group.codes(p, j);
        }
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) {
            const __m512i a = broadcast4(q + t * kGroup + 4 * j);
#pragma GCC unroll 2
            for (int p = 0; p < P; ++p) {
                dots[t][p] = _mm512_dpbusd_epi32(dots[t][p], codes[p], a);
            }
        }
    }
    __m512 scales[P];
#pragma GCC unroll 2
    for (int p = 0; p < P; ++p) {
        scales[p] = group.scales(p, step);
    }
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        const __m512 scale = _mm512_set1_ps(x.scales[at + t]);
#pragma GCC unroll 2
        for (int p = 0; p < P; ++p) {
            const __m512 product = _mm512_mul_ps(scales[p], scale);
            acc[t][p] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[t][p]), product, acc[t][p]);
        }
    }
}

template <class Format, int T, int P, class Group>
__attribute__((always_inline)) inline void addGroup(const Group& group, const TokenGroups& x, std::ptrdiff_t at,
                                                    __m512 (&acc)[T][P]) {
#pragma GCC unroll 2
    for (int step = 0; step < Format::kSteps; ++step) {
        addStep<Format, T, P>(group, x, at, step, acc);
    }
    if constexpr (Format::kHasMinima) {
        static_assert(Format::kSteps == 1);
#pragma GCC unroll 2
        for (int p = 0; p < P; ++p) {
            const __m512 minimum = group.minima(p);
#pragma GCC unroll 8
            for (int t = 0; t < T; ++t) {
                acc[t][p] = _mm512_fmadd_ps(minimum, _mm512_set1_ps(x.scaledSums[at + t]), acc[t][p]);
            }
        }
    }
}

// ---- few tokens ----------------------------------------------------------------------------------------------------

// P panels side by side, and those that come after them: their beginnings are asked for when these end.
struct PanelStream {
    const std::byte* panels;
    std::size_t panelBytes;
    const std::byte* next;
    std::size_t nextPanelBytes;
};

template <class Format, int T, int P>
__attribute__((noinline)) void narrowTile(const PanelStream& stream, std::ptrdiff_t groups, const TokenGroups& x,
                                          const Destination& to) {
    constexpr int kUnit = Format::kUnitGroups;
    __m512 acc[T][P];
#pragma GCC unroll 16
    for (int i = 0; i < T * P; ++i) {
        acc[i / P][i % P] = _mm512_setzero_ps();
    }
    askForDestination<T, P>(to);
    PackedGroup<Format, P> group;
    constexpr std::ptrdiff_t kAheadGroups = kAheadBytes<P> / Format::kUnitBytes * kUnit;
    const std::byte* panel = stream.panels;
    const std::size_t panelBytes = stream.panelBytes;
    const std::byte* ahead = panel + kAheadGroups / kUnit * Format::kUnitBytes;
    std::size_t aheadPanelBytes = panelBytes;
    const std::ptrdiff_t whole = groups / kUnit * kUnit;
    const std::ptrdiff_t switchAt = whole > kAheadGroups ? whole - kAheadGroups : 0;
    std::ptrdiff_t g = 0;
    for (; g + kUnit <= groups; g += kUnit, panel += Format::kUnitBytes, ahead += Format::kUnitBytes) {
        if (g == switchAt) {
            ahead = stream.next;
            aheadPanelBytes = stream.nextPanelBytes;
        }
#pragma GCC unroll 2
        for (int i = 0; i < kUnit; ++i) {
#pragma GCC unroll 2
            for (int p = 0; p < P; ++p) {
                group.places[p] = Format::place(panel + static_cast<std::size_t>(p) * panelBytes, i);
                prefetchGroup<Format>(ahead + static_cast<std::size_t>(p) * aheadPanelBytes, i);
            }
            addGroup<Format, T, P>(group, x, (g + i) * x.width, acc);
        }
    }
    if constexpr (kUnit == 2) {
        if (g < groups) {
#pragma GCC unroll 2
            for (int p = 0; p < P; ++p) {
                group.places[p] = Format::lastPlace(panel + static_cast<std::size_t>(p) * panelBytes);
            }
            addGroup<Format, T, P>(group, x, g * x.width, acc);
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < T * P; ++i) {
        writeLanes<P>(to, i / P, i % P, acc[i / P][i % P]);
    }
}

using NarrowTile = void (*)(const PanelStream& stream, std::ptrdiff_t groups, const TokenGroups& x, const Destination& to);

// By number of tokens, 1 to 8.
template <class Format, int P>
constexpr NarrowTile kNarrowTiles[kNarrowTokens] = {
    narrowTile<Format, 1, P>, narrowTile<Format, 2, P>, narrowTile<Format, 3, P>, narrowTile<Format, 4, P>,
    narrowTile<Format, 5, P>, narrowTile<Format, 6, P>, narrowTile<Format, 7, P>, narrowTile<Format, 8, P>};

// Tokens [first, last) panel by panel, so that later tiles find a panel in the cache.
template <class Format, int P>
void multiplyNarrow(const MatmulArgs& args, int firstPanel, int lastPanel, int first, int last) {
    const std::size_t panelBytes = Format::panelBytes(args.columns);
    int p = firstPanel;
    for (; p + P <= lastPanel; p += P) {
        const std::byte* panel = args.weights + static_cast<std::size_t>(p) * panelBytes;
        PanelStream stream = {panel, panelBytes, panel + P * panelBytes, panelBytes};
        if (args.next != nullptr && p + 2 * P > lastPanel) {
            stream.next = args.next;
            stream.nextPanelBytes = args.nextPanelBytes;
        }
        for (int t = first; t < last; t += kNarrowTokens) {
            const int tokens = last - t < kNarrowTokens ? last - t : kNarrowTokens;
            kNarrowTiles<Format, P>[tokens - 1](stream, args.columns / kGroup, groupsOf(args.quantized, args.columns, t),
                                                destinationOf(args, p, p + P - 1, t));
        }
    }
    if constexpr (P > 1) {
        multiplyNarrow<Format, 1>(args, p, lastPanel, first, last);
    }
}

template <class Format>
void multiplyFew(const MatmulArgs& args, int firstPanel, int lastPanel, int firstToken) {
    const auto multiply = args.tokens - firstToken < kPairFrom ? multiplyNarrow<Format, 1> : multiplyNarrow<Format, 2>;
    multiply(args, firstPanel, lastPanel, firstToken, args.tokens);
}

// ---- many tokens ---------------------------------------------------------------------------------------------------

// What comes after two panels' unpacked groups in memory: the first tile of tokens asks for it. Null for later tiles.
struct Ahead {
    const std::byte* first = nullptr;
    const std::byte* second = nullptr;
};

// Adds `count` groups of two panels to the accumulators of T tokens. x: at the first of the groups.
template <class Format, int T>
__attribute__((noinline)) void wideTile(const UnpackedPanel<kChunkGroups>* panels, std::ptrdiff_t count,
                                        const TokenGroups& x, float* state, const Ahead& ahead) {
    __m512 acc[T][2];
#pragma GCC unroll 8
    for (int i = 0; i < 2 * T; ++i) {
        acc[i / 2][i % 2] = _mm512_load_ps(state + i * kPanelRows);
    }
    for (std::ptrdiff_t g = 0; g < count; ++g) {
        if (ahead.first != nullptr) {
            prefetchGroup<Format>(ahead.first, g);
            prefetchGroup<Format>(ahead.second, g);
        }
        addGroup<Format, T, 2>(UnpackedGroup<Format>{panels, g}, x, g * x.width, acc);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 2 * T; ++i) {
        _mm512_store_ps(state + i * kPanelRows, acc[i / 2][i % 2]);
    }
}

// Panels p and p + 1 (or p alone, doubled) for tokens [first, last).
template <class Format>
void multiplyWide(const MatmulArgs& args, int p, int panels, int first, int last) {
    const int groups = args.columns / kGroup;
    constexpr std::size_t chunkBytes = kChunkGroups / Format::kUnitGroups * Format::kUnitBytes;
    const std::size_t panelBytes = Format::panelBytes(args.columns);
    const std::byte* weights = args.weights + static_cast<std::size_t>(p) * panelBytes;
    UnpackedPanel<kChunkGroups> unpacked[2];
    alignas(64) float state[kBlockTokens * 2 * kPanelRows];  // [tokens, 2, 16]
    for (int i = 0; i < (last - first) * 2 * kPanelRows; i += kPanelRows) {
        _mm512_store_ps(state + i, _mm512_setzero_ps());
    }
    for (int group = 0; group < groups; group += kChunkGroups) {
        const int count = groups - group < kChunkGroups ? groups - group : kChunkGroups;
        for (int i = 0; i < 2; ++i) {
            const std::byte* panel = weights + (i < panels ? static_cast<std::size_t>(i) * panelBytes : 0);
            unpackPanel<Format, CodeSign::Unsigned>(panel, groups, group, count, unpacked[i]);
        }
        // The next groups of the two panels, or the beginnings of the next two.
        const bool more = group + kChunkGroups < groups;
        const std::byte* next = more ? weights + chunkBytes * static_cast<std::size_t>(group / kChunkGroups + 1)
                                     : weights + 2 * panelBytes;
        Ahead ahead = {next, next + panelBytes};
        for (int t = first; t < last; t += kWideTokens) {
            const TokenGroups x = groupsFrom(groupsOf(args.quantized, args.columns, t), group);
            float* sums = state + (t - first) * 2 * kPanelRows;
            switch (last - t) {
                case 1:
                    wideTile<Format, 1>(unpacked, count, x, sums, ahead);
                    break;
                case 2:
                    wideTile<Format, 2>(unpacked, count, x, sums, ahead);
                    break;
                case 3:
                    wideTile<Format, 3>(unpacked, count, x, sums, ahead);
                    break;
                default:
                    wideTile<Format, kWideTokens>(unpacked, count, x, sums, ahead);
                    break;
            }
            ahead = {};
        }
    }
    const Destination to = destinationOf(args, p, p + panels - 1, first);
    for (int t = 0; t < last - first; ++t) {
        const float* sums = state + t * 2 * kPanelRows;
        if (panels == 2) {
            writeLanes<2>(to, t, 0, _mm512_load_ps(sums));
            writeLanes<2>(to, t, 1, _mm512_load_ps(sums + kPanelRows));
        } else {
            writeLanes<1>(to, t, 0, _mm512_load_ps(sums));
        }
    }
}

template <class Format>
void multiplyMany(const MatmulArgs& args, int firstPanel, int lastPanel) {
    for (int t = 0; t < args.tokens; t += kBlockTokens) {
        const int last = args.tokens - t < kBlockTokens ? args.tokens : t + kBlockTokens;
        for (int p = firstPanel; p < lastPanel; p += 2) {
            multiplyWide<Format>(args, p, lastPanel - p < 2 ? 1 : 2, t, last);
        }
    }
}

template <class Format>
void matmulInt8(const MatmulArgs& args, int firstPanel, int lastPanel) {
    if constexpr (Format::kSteps > 1) {
        if (args.tokens >= kUnpackFrom) {
            multiplyMany<Format>(args, firstPanel, lastPanel);
            return;
        }
    }
    multiplyFew<Format>(args, firstPanel, lastPanel, 0);
}

// ---- plain weights -------------------------------------------------------------------------------------------------

template <class Format, int T>
void floatTile(const std::byte* panel, const float* x, std::ptrdiff_t columns, const Destination& to) {
    __m512 acc[T];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        acc[t] = _mm512_setzero_ps();
    }
    for (std::ptrdiff_t k = 0; k < columns; ++k, panel += Format::kColumnBytes) {
        _mm_prefetch(reinterpret_cast<const char*>(panel + kPrefetchBytes), _MM_HINT_T0);
        const __m512 w = Format::values512(panel);
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) {
            acc[t] = _mm512_fmadd_ps(w, _mm512_set1_ps(x[t * columns + k]), acc[t]);
        }
    }
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        writeLanes<1>(to, t, 0, acc[t]);
    }
}

using FloatTile = void (*)(const std::byte* panel, const float* x, std::ptrdiff_t columns, const Destination& to);

template <class Format>
constexpr FloatTile kFloatTiles[kNarrowTokens] = {floatTile<Format, 1>, floatTile<Format, 2>, floatTile<Format, 3>,
                                                  floatTile<Format, 4>, floatTile<Format, 5>, floatTile<Format, 6>,
                                                  floatTile<Format, 7>, floatTile<Format, 8>};

template <class Format>
void matmulFloat(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const std::size_t panelBytes = Format::panelBytes(args.columns);
    for (int p = firstPanel; p < lastPanel; ++p) {
        const std::byte* panel = args.weights + static_cast<std::size_t>(p) * panelBytes;
        for (int t = 0; t < args.tokens; t += kNarrowTokens) {
            const int tokens = args.tokens - t < kNarrowTokens ? args.tokens - t : kNarrowTokens;
            kFloatTiles<Format>[tokens - 1](panel, args.x + std::ptrdiff_t{t} * args.columns, args.columns,
                                            destinationOf(args, p, p, t));
        }
    }
}

}  // namespace

void avx512MultiplyFewTokens(WeightFormat format, const MatmulArgs& args, int firstPanel, int lastPanel, int firstToken) {
    QuantizedFormats::forEach([&]<class F>(F) {
        if (F::kFormat == format) {
            multiplyFew<F>(args, firstPanel, lastPanel, firstToken);
        }
    });
}

void avx512Matmuls(Kernels& table) {
    PlainFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulFloat<F>; });
    QuantizedFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulInt8<F>; });
}

}  // namespace larder::kernels
