// The parts of the NEON tables, by source. Private to kernels.
#pragma once

#include "engine/kernels/attention.h"
#include "engine/kernels/kernels.h"

namespace larder::kernels {

// neon_matmul.cpp: sets matmul and int8Probe. The same for CPUs with more instructions for bytes.
void neonMatmuls(Kernels& table);
void neonDotprodMatmuls(Kernels& table);
void neonI8mmMatmuls(Kernels& table);

// neon_attention.cpp
void neonAttentionSpanF16(const AttentionArgs& args, int span, const AttentionState& out);
void neonAttentionSpanF32(const AttentionArgs& args, int span, const AttentionState& out);

}  // namespace larder::kernels
