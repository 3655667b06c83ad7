// The parts of the NEON tables, by source. Private to kernels.
#pragma once

#include "engine/kernels/attention.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/vocabulary.h"

namespace larder::kernels {

// neon_matmul.cpp: sets matmul and int8Probe. The same for CPUs with more instructions for bytes.
void neonMatmuls(Kernels& table);
void neonDotprodMatmuls(Kernels& table);
void neonI8mmMatmuls(Kernels& table);

// neon_attention.cpp
void neonAttentionSpanF16(const AttentionArgs& args, int span, const AttentionState& out);
void neonAttentionSpanF32(const AttentionArgs& args, int span, const AttentionState& out);

// neon_vocabulary.cpp
void neonBlockMaxima(const float* x, int n, float* maxima);
void neonBlockMasses(const VocabularyRow& row, const MassScale& scale, std::uint64_t* masses);
int neonCollectAbove(const VocabularyRow& row, float floor, std::int32_t* tokens, float* values);

}  // namespace larder::kernels
