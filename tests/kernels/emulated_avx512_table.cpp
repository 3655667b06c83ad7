// Compiles the sources of the AVX-512 table a second time, on emulated intrinsics and under other names.
#include "tests/kernels/emulated_avx512_table.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)

#include <cstddef>
#include <cstdint>
#include <cstring>

// clang-format off: the order of what follows matters.
// After the standard headers: their inline functions must stay runnable on any CPU.
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#include "tests/kernels/emulated_avx512.h"

#define LARDER_AVX512_EMULATED
#define avx512Matmuls emulatedMatmuls
#define avx512MultiplyFewTokens emulatedMultiplyFewTokens
#define avx512AttentionSpanF16 emulatedAttentionSpanF16
#define avx512AttentionSpanF32 emulatedAttentionSpanF32
#define avx512VnniKernels emulatedVnniKernels

namespace larder::kernels {
const Kernels* emulatedVnniKernels();
}

#include "engine/kernels/avx512_attention.cpp"
#include "engine/kernels/avx512_matmul.cpp"
#include "engine/kernels/avx512_vnni.cpp"
// clang-format on

namespace larder::kernels::test {

const Kernels* emulatedAvx512Table() {
    return emulatedVnniKernels();
}

}  // namespace larder::kernels::test

#pragma GCC pop_options

#else

namespace larder::kernels::test {

const Kernels* emulatedAvx512Table() {
    return nullptr;
}

}  // namespace larder::kernels::test

#endif
