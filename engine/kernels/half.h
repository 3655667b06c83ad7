// 16-bit floats in software, as F16C and AVX-512 convert them (round to nearest even, denormals kept).
// Private to kernels. Everything here has internal linkage: a copy compiled with an instruction set's flags must never
// be the one that common code links to.
#pragma once

#include <cstdint>
#include <cstring>

namespace larder::kernels {

static inline std::uint32_t floatBits(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float floatFromBits(std::uint32_t bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float halfToFloat(std::uint16_t half) {
    const std::uint32_t sign = std::uint32_t{half & 0x8000u} << 16;
    const std::uint32_t magnitude = half & 0x7fffu;
    if (magnitude >= 0x7c00u) {  // infinity, NaN (made quiet)
        const std::uint32_t quiet = magnitude > 0x7c00u ? 0x00400000u : 0u;
        return floatFromBits(sign | 0x7f800000u | quiet | (magnitude & 0x3ffu) << 13);
    }
    if (magnitude < 0x400u) {  // zero and denormals: magnitude * 2^-24, exact
        return floatFromBits(sign | floatBits(static_cast<float>(magnitude) * 0x1p-24f));
    }
    return floatFromBits(sign | ((magnitude << 13) + ((127u - 15u) << 23)));
}

static inline std::uint16_t floatToHalf(float x) {
    const std::uint32_t bits = floatBits(x);
    const std::uint16_t sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        return static_cast<std::uint16_t>(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
    }
    if (magnitude >= 0x477ff000u) {  // 65520 and up rounds to infinity
        return static_cast<std::uint16_t>(sign | 0x7c00u);
    }
    if (magnitude < 0x38800000u) {  // below 2^-14: adding 1/2 leaves units of 2^-24, rounded to even by the addition
        const float shifted = floatFromBits(magnitude) + 0.5f;
        return static_cast<std::uint16_t>(sign | (floatBits(shifted) - floatBits(0.5f)));
    }
    const std::uint32_t odd = (magnitude >> 13) & 1u;
    return static_cast<std::uint16_t>(sign | ((magnitude - ((127u - 15u) << 23) + 0xfffu + odd) >> 13));
}

static inline float bfloatToFloat(std::uint16_t value) {
    return floatFromBits(std::uint32_t{value} << 16);
}

static inline std::uint16_t loadU16(const void* address) {
    std::uint16_t value;
    std::memcpy(&value, address, sizeof value);
    return value;
}

}  // namespace larder::kernels
