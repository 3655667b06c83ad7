// The parts of the AVX2 table, by source. Private to kernels.
#pragma once

#include "engine/kernels/attention.h"
#include "engine/kernels/kernels.h"

namespace larder::kernels {

// avx2_matmul.cpp: sets matmul and int8Probe. The same for CPUs with VNNI, in its two encodings.
void avx2Matmuls(Kernels& table);
void avx2VnniMatmuls(Kernels& table);      // AVX-VNNI
void avx512vlVnniMatmuls(Kernels& table);  // AVX-512 VL and VNNI, 256 bits wide

// avx2_attention.cpp
void avx2AttentionSpanF16(const AttentionArgs& args, int span, const AttentionState& out);
void avx2AttentionSpanF32(const AttentionArgs& args, int span, const AttentionState& out);

}  // namespace larder::kernels
