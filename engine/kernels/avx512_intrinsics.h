// AVX-512 intrinsics; a test that runs these kernels without such a CPU includes SIMDe's forms of them first and says so.
// Private to kernels.
#pragma once

#ifndef LARDER_AVX512_EMULATED
#include <immintrin.h>
#endif
