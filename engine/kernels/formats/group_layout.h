// How quantised panels are stored, and what every format header says about itself. Private to kernels.
//
// One header a format (q4_0.h, q6_k.h, ...), one struct in it, listed in all.h: that is all a new format needs. Every
// source that multiplies, packs or unpacks is a template over these structs:
//   kFormat, kBlockColumns, kBlockBytes      the format as a GGUF file stores it
//   kUnitGroups, kUnitBytes                  a packed panel is a row of units of so many groups of 32 columns
//   kSteps                                   scales in a group of 32: one, or two (each for 16 columns)
//   kLargestCode, kZeroPoint                 codes are unsigned: weight = scale * (code - zero point) [+ minimum]
//   kHasMinima                               (only with one step)
//   Place, place(unit, g), lastPlace(unit)   where group g of a unit lies; of a last unit that holds one group only
//   panelBytes(columns)
//   packLane(row, columns, lane, panel)      copies a row of the file into a lane of a zeroed panel
//   code(place, lane, k), scale(place, lane, step), minimum(place, lane)
// and per instruction set, where its macros are on, the same for many lanes at once: registers of codes for the columns
// 4j..4j+3 (j in [0, 8)) of consecutive lanes, 4 bytes a lane, and their scales and minima as f32:
//   codes512(place, j), scales512(place, step), minima512(place)                    16 lanes
//   codes256(place, j, half), scales256(place, step, half), minima256(place, half)  8 lanes
//   codes128(place, j, part), scales128(place, step, part), minima128(place, part)  4 lanes
// Everything has internal linkage, as in half.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/kernels/half.h"
#include "engine/kernels/weight_format.h"

#if defined(__AVX512VNNI__) && !defined(LARDER_AVX512_EMULATED)
#define LARDER_KERNELS_512 1
#elif defined(LARDER_AVX512_EMULATED)
#define LARDER_KERNELS_512 1
#endif
#if defined(__AVX2__)
#include "engine/kernels/avx512_intrinsics.h"
#endif
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace larder::kernels {
namespace {

constexpr int kLaneHalvesBytes = 32;  // 16 x f16: scales or minima of one group

inline void storeU16(std::byte* to, std::uint16_t value) {
    std::memcpy(to, &value, sizeof value);
}

inline float halfAt(const std::byte* halves, int lane) {
    return halfToFloat(loadU16(halves + 2 * lane));
}

#if defined(LARDER_KERNELS_512)
inline __m512i load512(const std::byte* address) {
    return _mm512_loadu_si512(address);
}
inline __m512 halves512(const std::byte* halves) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves)));
}
#endif
#if defined(__AVX2__)
inline __m256i load256(const std::byte* address) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(address));
}
inline __m256 halves256(const std::byte* halves) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(halves)));
}
#endif
#if defined(__aarch64__)
inline uint8x16_t load128(const std::byte* address) {
    return vld1q_u8(reinterpret_cast<const std::uint8_t*>(address));
}
inline float32x4_t halves128(const std::byte* halves) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(reinterpret_cast<const std::uint16_t*>(halves))));
}
#endif

// Groups with f16 scales (and minima), stored in pairs
//   codes(g), codes(g+1), scales(g), scales(g+1) [, minima(g), minima(g+1)]
// so that panels stay 64-byte aligned. A last odd group stands alone: codes, scales [, minima], each padded to a
// multiple of 64 bytes.
template <int codeBytes, bool hasMinima>
struct PairedGroups {
    struct Place {
        const std::byte* codes;
        const std::byte* scales;  // 16 x f16
        const std::byte* minima;  // 16 x f16, formats with minima only
    };
    static constexpr bool kHasMinima = hasMinima;
    static constexpr int kSteps = 1;
    static constexpr int kUnitGroups = 2;
    static constexpr std::size_t kUnitBytes = 2 * (codeBytes + (hasMinima ? 2 : 1) * kLaneHalvesBytes);

    static std::size_t panelBytes(int columns) {
        const int groups = columns / kGroup;
        return static_cast<std::size_t>(groups / 2) * kUnitBytes +
               static_cast<std::size_t>(groups % 2) * (codeBytes + (hasMinima ? 128 : 64));
    }
    static Place place(const std::byte* unit, int g) {
        const std::byte* scales = unit + 2 * codeBytes;
        return {unit + g * codeBytes, scales + g * kLaneHalvesBytes, scales + (2 + g) * kLaneHalvesBytes};
    }
    static Place lastPlace(const std::byte* unit) { return {unit, unit + codeBytes, unit + codeBytes + 64}; }

    static float scale(const Place& place, int lane, int) { return halfAt(place.scales, lane); }
    static float minimum(const Place& place, int lane) { return halfAt(place.minima, lane); }
#if defined(LARDER_KERNELS_512)
    static __m512 scales512(const Place& place, int) { return halves512(place.scales); }
    static __m512 minima512(const Place& place) { return halves512(place.minima); }
#endif
#if defined(__AVX2__)
    static __m256 scales256(const Place& place, int, int half) { return halves256(place.scales + 16 * half); }
    static __m256 minima256(const Place& place, int half) { return halves256(place.minima + 16 * half); }
#endif
#if defined(__aarch64__)
    static float32x4_t scales128(const Place& place, int, int part) { return halves128(place.scales + 8 * part); }
    static float32x4_t minima128(const Place& place, int part) { return halves128(place.minima + 8 * part); }
#endif
};

// 4-bit codes of a group, 256 B: register j in [0, 4) of 64 B holds for lane r in bytes 4r..4r+3: low nibbles columns
// 4j..4j+3, high nibbles 16+4j..16+4j+3.
inline int nibbleCode(const std::byte* codes, int lane, int k) {
    const int both = std::to_integer<int>(codes[64 * (k % 16 / 4) + 4 * lane + k % 4]);
    return k < 16 ? both & 15 : both >> 4;
}
#if defined(LARDER_KERNELS_512)
inline __m512i nibbles512(const std::byte* codes, int j) {
    const __m512i both = load512(codes + 64 * (j % 4));
    return _mm512_and_si512(j < 4 ? both : _mm512_srli_epi16(both, 4), _mm512_set1_epi8(15));
}
#endif
#if defined(__AVX2__)
inline __m256i nibbles256(const std::byte* codes, int j, int half) {
    const __m256i both = load256(codes + 64 * (j % 4) + 32 * half);
    return _mm256_and_si256(j < 4 ? both : _mm256_srli_epi16(both, 4), _mm256_set1_epi8(15));
}
#endif
#if defined(__aarch64__)
inline uint8x16_t nibbles128(const std::byte* codes, int j, int part) {
    const uint8x16_t both = load128(codes + 64 * (j % 4) + 16 * part);
    return j < 4 ? vandq_u8(both, vdupq_n_u8(15)) : vshrq_n_u8(both, 4);
}
#endif

// Where group g of a panel lies: for code that does not walk through the units itself.
template <class Format>
typename Format::Place groupPlace(const std::byte* panel, int groups, int g) {
    const std::byte* unit = panel + static_cast<std::size_t>(g / Format::kUnitGroups) * Format::kUnitBytes;
    const bool alone = Format::kUnitGroups == 2 && g == groups - 1 && g % 2 == 0;
    return alone ? Format::lastPlace(unit) : Format::place(unit, g % Format::kUnitGroups);
}

}  // namespace
}  // namespace larder::kernels
