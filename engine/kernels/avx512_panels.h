// Panels unpacked for many tokens: AVX-512 and AMX both spread a stretch of a panel out once, as bytes and f32 scales that
// stay in the first-level cache, and let all tokens pass. What is left of the formats there is one or two steps a group.
// Internal linkage. Private to kernels.
#pragma once

#include "engine/kernels/avx512_intrinsics.h"

#include <cstddef>
#include <cstdint>

#include "engine/kernels/formats/all.h"
#include "engine/kernels/matmul.h"

namespace larder::kernels {
namespace {

// Some groups of a panel. Codes as in an 8-bit panel: 8 registers a group, 4 columns of each lane in one.
template <int mostGroups>
struct UnpackedPanel {
    alignas(64) std::int8_t codes[mostGroups * kGroup * kPanelRows];
    alignas(64) float scales[mostGroups * 2 * kPanelRows];  // [groups, steps, 16]
    alignas(64) float minima[mostGroups * kPanelRows];      // [groups, 16]
};

enum class CodeSign { Unsigned, Signed };  // as stored, or with the zero point taken off

template <class Format, CodeSign sign, int mostGroups>
__attribute__((always_inline)) inline void unpackGroup(const typename Format::Place& place, int g,
                                                       UnpackedPanel<mostGroups>& to) {
    std::int8_t* codes = to.codes + g * kGroup * kPanelRows;
    const __m512i zero = _mm512_set1_epi8(static_cast<char>(Format::kZeroPoint));
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        const int j = i % 2 * 4 + i / 2;
        const __m512i code = Format::codes512(place, j);
        const bool asStored = sign == CodeSign::Unsigned || Format::kZeroPoint == 0;
        _mm512_store_si512(codes + 64 * j, asStored ? code : _mm512_sub_epi8(code, zero));
    }
#pragma GCC unroll 2
    for (int step = 0; step < Format::kSteps; ++step) {
        _mm512_store_ps(to.scales + (g * Format::kSteps + step) * kPanelRows, Format::scales512(place, step));
    }
    if constexpr (Format::kHasMinima) {
        _mm512_store_ps(to.minima + g * kPanelRows, Format::minima512(place));
    }
}

// Asks for the memory of group g of the units that begin at `units`, before it is needed. A unit's lines are spread over
// its groups, so that they come in beside the arithmetic and not in a burst.
template <class Format>
__attribute__((always_inline)) inline void prefetchGroup(const std::byte* units, std::ptrdiff_t g) {
    constexpr std::ptrdiff_t kGroupBytes = static_cast<std::ptrdiff_t>(Format::kUnitBytes) / Format::kUnitGroups;
#pragma GCC unroll 10
    for (std::ptrdiff_t at = 0; at < kGroupBytes; at += 64) {
        _mm_prefetch(reinterpret_cast<const char*>(units + g * kGroupBytes + at), _MM_HINT_T0);
    }
}

// Groups [first, first + count) of a panel of `groups` groups; first is a multiple of a unit.
template <class Format, CodeSign sign, int mostGroups>
void unpackPanel(const std::byte* panel, int groups, int first, int count, UnpackedPanel<mostGroups>& to) {
    constexpr int kUnit = Format::kUnitGroups;
    static_assert(mostGroups % kUnit == 0);
    const std::byte* unit = panel + static_cast<std::size_t>(first / kUnit) * Format::kUnitBytes;
    int g = 0;
    for (; g + kUnit <= count; g += kUnit, unit += Format::kUnitBytes) {
#pragma GCC unroll 2
        for (int i = 0; i < kUnit; ++i) {
            unpackGroup<Format, sign>(Format::place(unit, i), g + i, to);
        }
    }
    if (g < count) {
        unpackGroup<Format, sign>(groupPlace<Format>(panel, groups, first + g), g, to);
    }
}

// Where the results of some tokens and panels go; the last panel has `lanes` rows that exist.
struct Destination {
    const float* residual;  // or null
    float* y;
    std::ptrdiff_t stride;
    int lanes;
};

// Of panels that end with `lastPanel`, from token `token` on.
inline Destination destinationOf(const MatmulArgs& args, int firstPanel, int lastPanel, int token) {
    const std::ptrdiff_t row = std::ptrdiff_t{firstPanel} * kPanelRows;
    const std::ptrdiff_t at = token * args.yStride + row;
    const std::ptrdiff_t left = args.rows - std::ptrdiff_t{lastPanel} * kPanelRows;
    return {args.residual == nullptr ? nullptr : args.residual + at, args.y + at, args.yStride,
            left < kPanelRows ? static_cast<int>(left) : kPanelRows};
}

// Asks for the lines of T tokens x P panels, to write them: another core may have them from the last time they were read,
// and the thread's next atomic operation would wait for them.
template <int T, int P>
__attribute__((always_inline)) inline void askForDestination(const Destination& to) {
#pragma GCC unroll 16
    for (int i = 0; i < T * P; ++i) {
        __builtin_prefetch(to.y + i / P * to.stride + i % P * kPanelRows, 1);
    }
}

// 16 results of token t and panel p of P.
template <int P>
__attribute__((always_inline)) inline void writeLanes(const Destination& to, int t, int p, __m512 acc) {
    const auto mask = static_cast<__mmask16>(p == P - 1 ? (1u << to.lanes) - 1u : 0xffffu);
    const std::ptrdiff_t at = t * to.stride + p * kPanelRows;
    const __m512 value =
        to.residual == nullptr ? acc : _mm512_add_ps(_mm512_maskz_loadu_ps(mask, to.residual + at), acc);
    _mm512_mask_storeu_ps(to.y + at, mask, value);
}

}  // namespace
}  // namespace larder::kernels
