// The AVX-512 intrinsics that the kernels use, each as two 256-bit halves. For one test source only: it redefines their
// names. Immediates are ordinary arguments, except where the 256-bit form needs a constant.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace larder::kernels::test::emulated {

struct Floats {  // __m512
    __m256 low;
    __m256 high;
};
struct Integers {  // __m512i
    __m256i low;
    __m256i high;
};

inline Floats loadFloats(const float* at) {
    return {_mm256_loadu_ps(at), _mm256_loadu_ps(at + 8)};
}
inline void storeFloats(float* at, Floats x) {
    _mm256_storeu_ps(at, x.low);
    _mm256_storeu_ps(at + 8, x.high);
}
inline Integers loadIntegers(const void* at) {
    Integers x;
    std::memcpy(&x, at, sizeof x);
    return x;
}
inline void storeIntegers(void* at, Integers x) {
    std::memcpy(at, &x, sizeof x);
}
inline Floats set1(float x) {
    return {_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
inline Integers set1Int(int x) {
    return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
}
inline Integers set1Byte(char x) {
    return {_mm256_set1_epi8(x), _mm256_set1_epi8(x)};
}

inline Floats add(Floats a, Floats b) {
    return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}
inline Floats subtract(Floats a, Floats b) {
    return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}
inline Floats multiply(Floats a, Floats b) {
    return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}
inline Floats maximum(Floats a, Floats b) {
    return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}
inline Floats fmadd(Floats a, Floats b, Floats c) {
    return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
inline Floats roundToEven(Floats x) {
    return {_mm256_round_ps(x.low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
            _mm256_round_ps(x.high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
inline Integers addInts(Integers a, Integers b) {
    return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
}
inline Integers subtractBytes(Integers a, Integers b) {
    return {_mm256_sub_epi8(a.low, b.low), _mm256_sub_epi8(a.high, b.high)};
}
inline Integers bitAnd(Integers a, Integers b) {
    return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)};
}
inline Integers shiftRight16(Integers x, int n) {
    return {_mm256_srli_epi16(x.low, n), _mm256_srli_epi16(x.high, n)};
}
inline Integers shiftLeft16(Integers x, int n) {
    return {_mm256_slli_epi16(x.low, n), _mm256_slli_epi16(x.high, n)};
}
inline Integers bitOr(Integers a, Integers b) {
    return {_mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high)};
}
inline Integers shiftLeft32(Integers x, int n) {
    return {_mm256_slli_epi32(x.low, n), _mm256_slli_epi32(x.high, n)};
}

inline Floats asFloats(Integers x) {
    return {_mm256_castsi256_ps(x.low), _mm256_castsi256_ps(x.high)};
}
inline Integers asIntegers(Floats x) {
    return {_mm256_castps_si256(x.low), _mm256_castps_si256(x.high)};
}
inline Floats toFloats(Integers x) {
    return {_mm256_cvtepi32_ps(x.low), _mm256_cvtepi32_ps(x.high)};
}
inline Integers toIntegers(Floats x) {
    return {_mm256_cvtps_epi32(x.low), _mm256_cvtps_epi32(x.high)};
}
inline Floats widenHalves(__m256i x) {
    return {_mm256_cvtph_ps(_mm256_castsi256_si128(x)), _mm256_cvtph_ps(_mm256_extracti128_si256(x, 1))};
}
inline Integers widenWords(__m256i x) {
    return {_mm256_cvtepu16_epi32(_mm256_castsi256_si128(x)), _mm256_cvtepu16_epi32(_mm256_extracti128_si256(x, 1))};
}

inline Integers widenBytes(__m128i x) {
    return {_mm256_cvtepi8_epi32(x), _mm256_cvtepi8_epi32(_mm_srli_si128(x, 8))};
}

// acc + the four products of unsigned and signed bytes in each lane, as the instruction's description has it.
inline Integers dotBytes(Integers acc, Integers unsignedBytes, Integers signedBytes) {
    std::int32_t sums[16];
    std::uint8_t u[64];
    std::int8_t s[64];
    std::memcpy(sums, &acc, sizeof sums);
    std::memcpy(u, &unsignedBytes, sizeof u);
    std::memcpy(s, &signedBytes, sizeof s);
    for (int i = 0; i < 64; ++i) {
        sums[i / 4] += int{u[i]} * int{s[i]};
    }
    return loadIntegers(sums);
}

inline Floats maskLoad(unsigned mask, const float* from) {
    float lanes[16] = {};
    for (int i = 0; i < 16; ++i) {
        lanes[i] = (mask >> i & 1u) != 0 ? from[i] : 0.0f;
    }
    return loadFloats(lanes);
}
inline void maskStore(float* to, unsigned mask, Floats x) {
    float lanes[16];
    storeFloats(lanes, x);
    for (int i = 0; i < 16; ++i) {
        if ((mask >> i & 1u) != 0) {
            to[i] = lanes[i];
        }
    }
}
inline Floats maskMove(Floats otherwise, unsigned mask, Floats x) {
    float kept[16];
    storeFloats(kept, otherwise);
    maskStore(kept, mask, x);
    return loadFloats(kept);
}
template <int predicate>
unsigned compare(Floats a, Floats b) {
    return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(a.low, b.low, predicate))) |
           static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(a.high, b.high, predicate))) << 8;
}

}  // namespace larder::kernels::test::emulated

#undef _mm512_cmp_ps_mask
#undef _mm512_roundscale_ps
#undef _mm512_srli_epi16
#undef _mm512_slli_epi16
#undef _mm512_slli_epi32
#define EMULATED ::larder::kernels::test::emulated
#define __m512 EMULATED::Floats
#define __m512i EMULATED::Integers
#define _mm512_loadu_ps EMULATED::loadFloats
#define _mm512_load_ps EMULATED::loadFloats
#define _mm512_storeu_ps EMULATED::storeFloats
#define _mm512_store_ps EMULATED::storeFloats
#define _mm512_loadu_si512 EMULATED::loadIntegers
#define _mm512_set1_ps EMULATED::set1
#define _mm512_store_si512 EMULATED::storeIntegers
#define _mm512_sub_epi8 EMULATED::subtractBytes
#define _mm512_set1_epi32 EMULATED::set1Int
#define _mm512_set1_epi8 EMULATED::set1Byte
#define _mm512_setzero_ps() EMULATED::set1(0.0f)
#define _mm512_setzero_si512() EMULATED::set1Int(0)
#define _mm512_add_ps EMULATED::add
#define _mm512_sub_ps EMULATED::subtract
#define _mm512_mul_ps EMULATED::multiply
#define _mm512_max_ps EMULATED::maximum
#define _mm512_fmadd_ps EMULATED::fmadd
#define _mm512_roundscale_ps(x, mode) EMULATED::roundToEven(x)
#define _mm512_add_epi32 EMULATED::addInts
#define _mm512_and_si512 EMULATED::bitAnd
#define _mm512_srli_epi16 EMULATED::shiftRight16
#define _mm512_slli_epi16 EMULATED::shiftLeft16
#define _mm512_or_si512 EMULATED::bitOr
#define _mm512_cvtepi8_epi32 EMULATED::widenBytes
#define _mm512_slli_epi32 EMULATED::shiftLeft32
#define _mm512_castsi512_ps EMULATED::asFloats
#define _mm512_castps_si512 EMULATED::asIntegers
#define _mm512_cvtepi32_ps EMULATED::toFloats
#define _mm512_cvtps_epi32 EMULATED::toIntegers
#define _mm512_cvtph_ps EMULATED::widenHalves
#define _mm512_cvtepu16_epi32 EMULATED::widenWords
#define _mm512_dpbusd_epi32 EMULATED::dotBytes
#define _mm512_maskz_loadu_ps EMULATED::maskLoad
#define _mm512_mask_storeu_ps EMULATED::maskStore
#define _mm512_mask_mov_ps EMULATED::maskMove
#define _mm512_maskz_mov_ps(mask, x) EMULATED::maskMove(EMULATED::set1(0.0f), mask, x)
#define _mm512_cmp_ps_mask(a, b, predicate) static_cast<__mmask16>(EMULATED::compare<predicate>(a, b))
