// Q6_K: super-blocks of 256 columns: 128 B low nibbles, 64 B upper bit pairs, 16 signed 8-bit scales (one for 16
// columns), f16 d: w = d sc (u - 32). d sc is exact in f32 (11 + 7 bits).
// In the file, column e = 128 n + 32 q + l: low nibble in byte 64 n + 32 (q mod 2) + l, upper half for q >= 2; the bit
// pair in byte 32 n + l at bit 2 q; scale e / 16.
//
// Packed unit: 8 groups of 384 B codes, then scales (8 groups x 2 steps x 16 lanes, int8), then d (16 x f16), padded to
// 3392 B. A group's codes: 4 registers of nibbles as in 4-bit formats, then 2 registers of bit pairs: register h holds for
// lane r in byte 4r + i the columns 16 h + 4 j + i at bit 2 j, j in [0, 4).
#pragma once

#include "engine/kernels/formats/group_layout.h"

namespace larder::kernels {
namespace {

struct Q6_K {
    struct Place {
        const std::byte* codes;   // 384 B
        const std::byte* scales;  // [2 steps, 16 lanes] int8
        const std::byte* d;       // 16 x f16
    };
    static constexpr WeightFormat kFormat = WeightFormat::Q6_K;
    static constexpr int kBlockColumns = 256;
    static constexpr int kBlockBytes = 210;
    static constexpr int kSteps = 2;
    static constexpr int kUnitGroups = 8;
    static constexpr int kCodeBytes = 384;
    static constexpr std::size_t kUnitBytes = 8 * kCodeBytes + 256 + 64;
    static constexpr int kLargestCode = 63;
    static constexpr int kZeroPoint = 32;
    static constexpr bool kHasMinima = false;

    static std::size_t panelBytes(int columns) {
        return static_cast<std::size_t>(columns / kBlockColumns) * kUnitBytes;
    }
    static Place place(const std::byte* unit, int g) {
        return {unit + g * kCodeBytes, unit + 8 * kCodeBytes + 32 * g, unit + 8 * kCodeBytes + 256};
    }
    static Place lastPlace(const std::byte* unit) { return place(unit, 0); }  // never asked for: units are whole

    static int fileCode(const std::byte* block, int e) {
        const int n = e / 128;
        const int q = e % 128 / 32;
        const int l = e % 32;
        const int both = std::to_integer<int>(block[64 * n + 32 * (q % 2) + l]);
        const int pair = std::to_integer<int>(block[128 + 32 * n + l]) >> (2 * q) & 3;
        return (q < 2 ? both & 15 : both >> 4) | pair << 4;
    }
    static void packLane(const std::byte* row, int columns, int lane, std::byte* panel) {
        for (; columns > 0; columns -= kBlockColumns, row += kBlockBytes, panel += kUnitBytes) {
            for (int g = 0; g < kUnitGroups; ++g) {
                std::byte* codes = panel + g * kCodeBytes;
                for (int k = 0; k < kGroup; ++k) {
                    const int u = fileCode(row, kGroup * g + k);
                    const int j = k % 16 / 4;
                    const int i = k % 4;
                    codes[64 * j + 4 * lane + i] |= static_cast<std::byte>((u & 15) << (k < 16 ? 0 : 4));
                    codes[256 + 64 * (k / 16) + 4 * lane + i] |= static_cast<std::byte>(u >> 4 << (2 * j));
                }
                for (int step = 0; step < 2; ++step) {
                    panel[8 * kCodeBytes + 32 * g + 16 * step + lane] = row[192 + 2 * g + step];
                }
            }
            std::memcpy(panel + 8 * kCodeBytes + 256 + 2 * lane, row + 208, 2);
        }
    }
    static int code(const Place& place, int lane, int k) {
        const int pairs = std::to_integer<int>(place.codes[256 + 64 * (k / 16) + 4 * lane + k % 4]);
        return nibbleCode(place.codes, lane, k) | (pairs >> (2 * (k % 16 / 4)) & 3) << 4;
    }
    static float scale(const Place& place, int lane, int step) {
        return halfAt(place.d, lane) * static_cast<float>(static_cast<std::int8_t>(place.scales[16 * step + lane]));
    }
    static float minimum(const Place&, int) { return 0.0f; }

#if defined(LARDER_KERNELS_512)
    static __m512i codes512(const Place& place, int j) {
        const __m512i pairs = load512(place.codes + 256 + 64 * (j / 4));
        // The pair at bit 2 (j mod 4) belongs at bit 4.
        const __m512i moved = j % 4 == 0   ? _mm512_slli_epi16(pairs, 4)
                              : j % 4 == 1 ? _mm512_slli_epi16(pairs, 2)
                              : j % 4 == 2 ? pairs
                                           : _mm512_srli_epi16(pairs, 2);
        return _mm512_or_si512(nibbles512(place.codes, j), _mm512_and_si512(moved, _mm512_set1_epi8(0x30)));
    }
    static __m512 scales512(const Place& place, int step) {
        const __m128i scales = _mm_loadu_si128(reinterpret_cast<const __m128i*>(place.scales + 16 * step));
        return _mm512_mul_ps(halves512(place.d), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(scales)));
    }
    static __m512 minima512(const Place&) { return _mm512_setzero_ps(); }
#endif
#if defined(__AVX2__)
    static __m256i codes256(const Place& place, int j, int half) {
        const __m256i pairs = load256(place.codes + 256 + 64 * (j / 4) + 32 * half);
        const __m256i moved = j % 4 == 0   ? _mm256_slli_epi16(pairs, 4)
                              : j % 4 == 1 ? _mm256_slli_epi16(pairs, 2)
                              : j % 4 == 2 ? pairs
                                           : _mm256_srli_epi16(pairs, 2);
        return _mm256_or_si256(nibbles256(place.codes, j, half), _mm256_and_si256(moved, _mm256_set1_epi8(0x30)));
    }
    static __m256 scales256(const Place& place, int step, int half) {
        const __m128i scales = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(place.scales + 16 * step + 8 * half));
        return _mm256_mul_ps(halves256(place.d + 16 * half), _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(scales)));
    }
    static __m256 minima256(const Place&, int) { return _mm256_setzero_ps(); }
#endif
#if defined(__aarch64__)
    static uint8x16_t codes128(const Place& place, int j, int part) {
        const uint8x16_t pairs = load128(place.codes + 256 + 64 * (j / 4) + 16 * part);
        const uint8x16_t moved = j % 4 == 0   ? vshlq_n_u8(pairs, 4)
                                 : j % 4 == 1 ? vshlq_n_u8(pairs, 2)
                                 : j % 4 == 2 ? pairs
                                              : vshrq_n_u8(pairs, 2);
        return vorrq_u8(nibbles128(place.codes, j, part), vandq_u8(moved, vdupq_n_u8(0x30)));
    }
    static float32x4_t scales128(const Place& place, int step, int part) {
        std::uint32_t four;
        std::memcpy(&four, place.scales + 16 * step + 4 * part, sizeof four);
        const int32x4_t scales = vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(four))));
        return vmulq_f32(halves128(place.d + 8 * part), vcvtq_f32_s32(scales));
    }
    static float32x4_t minima128(const Place&, int) { return vdupq_n_f32(0.0f); }
#endif
};

}  // namespace
}  // namespace larder::kernels
