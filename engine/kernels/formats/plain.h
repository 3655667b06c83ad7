// Weights that are not quantised: for each column 16 values, lane = row (64 or 32 bytes a column), panels padded to a
// multiple of 64 bytes. Private to kernels; internal linkage as in half.h.
#pragma once

#include "engine/kernels/formats/group_layout.h"

namespace larder::kernels {
namespace {

template <int valueBytes>
struct PlainPanels {
    static constexpr int kValueBytes = valueBytes;
    static constexpr int kColumnBytes = kPanelRows * valueBytes;

    static std::size_t panelBytes(int columns) {
        return (static_cast<std::size_t>(columns) * kColumnBytes + 63) / 64 * 64;
    }
    static void packLane(const std::byte* row, int columns, int lane, std::byte* panel) {
        for (std::ptrdiff_t k = 0; k < columns; ++k) {
            std::memcpy(panel + k * kColumnBytes + lane * valueBytes, row + k * valueBytes, valueBytes);
        }
    }
};

struct F32 : PlainPanels<4> {
    static constexpr WeightFormat kFormat = WeightFormat::F32;
    static float widen(const std::byte* value) {
        float x;
        std::memcpy(&x, value, sizeof x);
        return x;
    }
#if defined(LARDER_KERNELS_512)
    static __m512 values512(const std::byte* at) { return _mm512_loadu_ps(reinterpret_cast<const float*>(at)); }
#endif
#if defined(__AVX2__)
    static __m256 values256(const std::byte* at) { return _mm256_loadu_ps(reinterpret_cast<const float*>(at)); }
#endif
#if defined(__aarch64__)
    static float32x4_t values128(const std::byte* at) { return vld1q_f32(reinterpret_cast<const float*>(at)); }
#endif
};

struct F16 : PlainPanels<2> {
    static constexpr WeightFormat kFormat = WeightFormat::F16;
    static float widen(const std::byte* value) { return halfToFloat(loadU16(value)); }
#if defined(LARDER_KERNELS_512)
    static __m512 values512(const std::byte* at) { return halves512(at); }
#endif
#if defined(__AVX2__)
    static __m256 values256(const std::byte* at) { return halves256(at); }
#endif
#if defined(__aarch64__)
    static float32x4_t values128(const std::byte* at) { return halves128(at); }
#endif
};

struct BF16 : PlainPanels<2> {
    static constexpr WeightFormat kFormat = WeightFormat::BF16;
    static float widen(const std::byte* value) { return bfloatToFloat(loadU16(value)); }
#if defined(LARDER_KERNELS_512)
    static __m512 values512(const std::byte* at) {
        const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16));
    }
#endif
#if defined(__AVX2__)
    static __m256 values256(const std::byte* at) {
        const __m128i narrow = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16));
    }
#endif
#if defined(__aarch64__)
    static float32x4_t values128(const std::byte* at) {
        return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(reinterpret_cast<const std::uint16_t*>(at)), 16));
    }
#endif
};

}  // namespace
}  // namespace larder::kernels
