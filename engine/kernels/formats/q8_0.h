// Q8_0: blocks of 32, f16 scale d, signed 8-bit weights: w = d q. Packed as q + 128 (unsigned): 512 B a group, register
// j in [0, 8) of 64 B holds for lane r in bytes 4r..4r+3 the columns 4j..4j+3.
#pragma once

#include "engine/kernels/formats/group_layout.h"

namespace larder::kernels {
namespace {

struct Q8_0 : PairedGroups<512, false> {
    static constexpr WeightFormat kFormat = WeightFormat::Q8_0;
    static constexpr int kBlockColumns = 32;
    static constexpr int kBlockBytes = 34;
    static constexpr int kLargestCode = 255;
    static constexpr int kZeroPoint = 128;

    static void packLane(const std::byte* row, int columns, int lane, std::byte* panel) {
        const int groups = columns / kGroup;
        for (int g = 0; g < groups; ++g, row += kBlockBytes) {
            const Place to = groupPlace<Q8_0>(panel, groups, g);
            std::byte* codes = panel + (to.codes - panel);
            for (int j = 0; j < 8; ++j) {
                std::uint32_t word;
                std::memcpy(&word, row + 2 + 4 * j, 4);
                word ^= 0x80808080u;
                std::memcpy(codes + 64 * j + 4 * lane, &word, 4);
            }
            std::memcpy(panel + (to.scales - panel) + 2 * lane, row, 2);
        }
    }
    static int code(const Place& place, int lane, int k) {
        return std::to_integer<int>(place.codes[64 * (k / 4) + 4 * lane + k % 4]);
    }
#if defined(LARDER_KERNELS_512)
    static __m512i codes512(const Place& place, int j) { return load512(place.codes + 64 * j); }
#endif
#if defined(__AVX2__)
    static __m256i codes256(const Place& place, int j, int half) {
        return load256(place.codes + 64 * j + 32 * half);
    }
#endif
#if defined(__aarch64__)
    static uint8x16_t codes128(const Place& place, int j, int part) { return load128(place.codes + 64 * j + 16 * part); }
#endif
};

}  // namespace
}  // namespace larder::kernels
