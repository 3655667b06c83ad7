// The parts of the AVX-512 VNNI table, by source. Private to kernels.
#pragma once

#include "engine/kernels/attention.h"
#include "engine/kernels/kernels.h"

namespace larder::kernels {

// avx512_matmul.cpp, avx512_amx_matmul.cpp: set matmul (the latter after the former, whose entries it falls back to).
void avx512Matmuls(Kernels& table);
void avx512AmxMatmuls(Kernels& table);

// The tokens from firstToken on, fewer than 16, of a quantised format: what AMX's tiles leave over.
void avx512MultiplyFewTokens(WeightFormat format, const MatmulArgs& args, int firstPanel, int lastPanel, int firstToken);

// avx512_attention.cpp
void avx512AttentionSpanF16(const AttentionArgs& args, int span, const AttentionState& out);
void avx512AttentionSpanF32(const AttentionArgs& args, int span, const AttentionState& out);

}  // namespace larder::kernels
