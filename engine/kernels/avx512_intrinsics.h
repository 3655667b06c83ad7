// AVX-512 intrinsics, unless a test that runs these kernels without such a CPU has put its own in their place. Private
// to kernels.
#pragma once

#ifndef LARDER_AVX512_EMULATED
#include <immintrin.h>
#endif
