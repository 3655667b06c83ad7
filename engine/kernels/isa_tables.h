// The tables of the instruction sets, as kernels.cpp chooses between them. Private to kernels.
#pragma once

#include "engine/kernels/kernels.h"

namespace larder::kernels {

// Never null. Those of an instruction set may only be asked for where the CPU has it.
const Kernels* scalarKernels();
#if defined(__x86_64__)
const Kernels* avx2Kernels();
const Kernels* avx2VnniKernels();     // AVX-VNNI
const Kernels* avx512vlVnniKernels(); // the same with AVX-512's encoding of the 256-bit instruction
const Kernels* avx512VnniKernels();
const Kernels* avx512AmxKernels();    // the system must have granted the tile registers
#elif defined(__aarch64__)
const Kernels* neonKernels();
const Kernels* neonDotprodKernels();
const Kernels* neonI8mmKernels();
#endif

}  // namespace larder::kernels
