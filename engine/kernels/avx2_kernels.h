// The parts of the AVX2 table, by source. Private to kernels.
#pragma once

#include "engine/kernels/attention.h"
#include "engine/kernels/matmul.h"

namespace larder::kernels {

// avx2_matmul.cpp
void avx2MatmulF32(const MatmulArgs& args, int firstPanel, int lastPanel);
void avx2MatmulF16(const MatmulArgs& args, int firstPanel, int lastPanel);
void avx2MatmulBf16(const MatmulArgs& args, int firstPanel, int lastPanel);
void avx2MatmulQ4_0(const MatmulArgs& args, int firstPanel, int lastPanel);
void avx2MatmulQ4_1(const MatmulArgs& args, int firstPanel, int lastPanel);
void avx2MatmulQ8_0(const MatmulArgs& args, int firstPanel, int lastPanel);

// avx2_attention.cpp
void avx2AttentionSpanF16(const AttentionArgs& args, int span, const AttentionState& out);
void avx2AttentionSpanF32(const AttentionArgs& args, int span, const AttentionState& out);

}  // namespace larder::kernels
