// Where things lie in a packed panel (the layout itself is described in weight_format.h). Private to kernels; internal
// linkage as in half.h.
#pragma once

#include <cstddef>

#include "engine/kernels/weight_format.h"

namespace larder::kernels {

inline constexpr int kCodes4Bytes = 256;  // codes of one group of 32 columns, 16 rows
inline constexpr int kCodes8Bytes = 512;
inline constexpr int kLaneHalvesBytes = 32;  // 16 x f16: scales or minima of one group

// One group of a quantised panel.
struct GroupPlace {
    const std::byte* codes;
    const std::byte* scales;  // 16 x f16
    const std::byte* minima;  // 16 x f16, Q4_1 only
};

// Bytes of a pair of groups whose codes take codeBytes each.
static constexpr std::size_t groupPairBytes(int codeBytes, bool hasMinima) {
    return 2 * (static_cast<std::size_t>(codeBytes) + (hasMinima ? 2 : 1) * kLaneHalvesBytes);
}

// Bytes of a quantised panel: a last odd group's scales and minima are padded to 64 bytes each.
static constexpr std::size_t int8PanelBytes(int codeBytes, bool hasMinima, int groups) {
    const std::size_t single = static_cast<std::size_t>(codeBytes) + (hasMinima ? 128 : 64);
    return static_cast<std::size_t>(groups / 2) * groupPairBytes(codeBytes, hasMinima) +
           static_cast<std::size_t>(groups % 2) * single;
}

// Bytes of a panel of plain values.
static constexpr std::size_t floatPanelBytes(int valueBytes, int columns) {
    return (static_cast<std::size_t>(columns) * static_cast<std::size_t>(kPanelRows * valueBytes) + 63) / 64 * 64;
}

// Group g of the panel that starts at `panel` and has `groups` groups.
static inline GroupPlace groupPlace(const std::byte* panel, int codeBytes, bool hasMinima, int groups, int g) {
    const std::byte* pair = panel + static_cast<std::size_t>(g / 2) * groupPairBytes(codeBytes, hasMinima);
    if (g == groups - 1 && g % 2 == 0) {  // stands alone
        return {pair, pair + codeBytes, pair + codeBytes + 64};
    }
    const int second = g % 2;
    const std::byte* scales = pair + 2 * codeBytes;
    return {pair + second * codeBytes, scales + second * kLaneHalvesBytes, scales + (2 + second) * kLaneHalvesBytes};
}

}  // namespace larder::kernels
