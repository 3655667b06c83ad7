// The AVX-512 kernels compiled with every AVX-512 instruction emulated on AVX2, so that they are tested on any machine
// that has that. (SIMDe 0.7.4 lacks six of the instructions and takes minutes to compile.)
#pragma once

#include "engine/kernels/kernels.h"

namespace larder::kernels::test {

// nullptr where this is not x86-64. Running it needs AVX2, FMA and F16C.
const Kernels* emulatedAvx512Table();

}  // namespace larder::kernels::test
