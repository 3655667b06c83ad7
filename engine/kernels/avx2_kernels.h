// The parts of the AVX2 table, by source. Private to kernels.
#pragma once

#include "engine/kernels/attention.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/vocabulary.h"

namespace larder::kernels {

// avx2_matmul.cpp: sets matmul and int8Probe. The same for CPUs with VNNI, in its two encodings.
void avx2Matmuls(Kernels& table);
void avx2VnniMatmuls(Kernels& table);      // AVX-VNNI
void avx512vlVnniMatmuls(Kernels& table);  // AVX-512 VL and VNNI, 256 bits wide

// avx2_attention.cpp
void avx2AttentionSpanF16(const AttentionArgs& args, int span, const AttentionState& out);
void avx2AttentionSpanF32(const AttentionArgs& args, int span, const AttentionState& out);

// avx2_vocabulary.cpp
void avx2BlockMaxima(const float* x, int n, float* maxima);
void avx2BlockMasses(const VocabularyRow& row, const MassScale& scale, std::uint64_t* masses);
int avx2CollectAbove(const VocabularyRow& row, float floor, std::int32_t* tokens, float* values);

}  // namespace larder::kernels
