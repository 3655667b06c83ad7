// The parts of the AVX-512 VNNI table, by source. Private to kernels.
#pragma once

#include "engine/kernels/attention.h"
#include "engine/kernels/matmul.h"

namespace larder::kernels {

// avx512_matmul.cpp
void avx512MatmulF32(const MatmulArgs& args, int firstPanel, int lastPanel);
void avx512MatmulF16(const MatmulArgs& args, int firstPanel, int lastPanel);
void avx512MatmulBf16(const MatmulArgs& args, int firstPanel, int lastPanel);
void avx512MatmulQ4_0(const MatmulArgs& args, int firstPanel, int lastPanel);
void avx512MatmulQ4_1(const MatmulArgs& args, int firstPanel, int lastPanel);
void avx512MatmulQ8_0(const MatmulArgs& args, int firstPanel, int lastPanel);

// avx512_attention.cpp
void avx512AttentionSpanF16(const AttentionArgs& args, int span, const AttentionState& out);
void avx512AttentionSpanF32(const AttentionArgs& args, int span, const AttentionState& out);

}  // namespace larder::kernels
