// Blocks of 32 with 4-bit codes, GGUF's Q4_0 and Q4_1: byte j of a block's codes holds columns j (low) and 16 + j (high).
#pragma once

#include "engine/kernels/formats/group_layout.h"

namespace larder::kernels {
namespace {

template <bool hasMinima>
struct NibbleBlocks : PairedGroups<256, hasMinima> {
    using Place = typename PairedGroups<256, hasMinima>::Place;
    static constexpr int kBlockColumns = 32;
    static constexpr int kBlockBytes = hasMinima ? 20 : 18;
    static constexpr int kLargestCode = 15;

    static void packLane(const std::byte* row, int columns, int lane, std::byte* panel) {
        const int groups = columns / kGroup;
        for (int g = 0; g < groups; ++g, row += kBlockBytes) {
            const Place to = groupPlace<NibbleBlocks>(panel, groups, g);
            std::byte* codes = panel + (to.codes - panel);
            for (int j = 0; j < 4; ++j) {
                std::memcpy(codes + 64 * j + 4 * lane, row + (hasMinima ? 4 : 2) + 4 * j, 4);
            }
            std::memcpy(panel + (to.scales - panel) + 2 * lane, row, 2);
            if constexpr (hasMinima) {
                std::memcpy(panel + (to.minima - panel) + 2 * lane, row + 2, 2);
            }
        }
    }
    static int code(const Place& place, int lane, int k) { return nibbleCode(place.codes, lane, k); }
#if defined(LARDER_KERNELS_512)
    static __m512i codes512(const Place& place, int j) { return nibbles512(place.codes, j); }
#endif
#if defined(__AVX2__)
    static __m256i codes256(const Place& place, int j, int half) { return nibbles256(place.codes, j, half); }
#endif
#if defined(__aarch64__)
    static uint8x16_t codes128(const Place& place, int j, int part) { return nibbles128(place.codes, j, part); }
#endif
};

}  // namespace
}  // namespace larder::kernels
