// The tables of the instruction sets, as kernels.cpp chooses between them. Private to kernels.
#pragma once

#include "engine/kernels/kernels.h"

namespace larder::kernels {

// Never null; a table may be taken on any CPU but only run where the CPU has its instruction set.
const Kernels* scalarKernels();
#if defined(__x86_64__)
const Kernels* avx2Kernels();
const Kernels* avx512VnniKernels();
#endif

}  // namespace larder::kernels
