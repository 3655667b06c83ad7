// Matrix product, lane = output row.
// Int8 formats: a group of 32 columns has one scale, or two for 16 columns each (Q6_K); for each, idot = exact int32 sum
// of (u - zero point) * q (zero points: Q4_0 8, Q8_0 128, Q6_K 32, Q4_1 none); p = sw * sa; acc = fma(float(idot), p,
// acc); Q4_1 then acc = fma(min, msum, acc). F32/F16/BF16: w widened exactly, acc = fma(w, x, acc). acc starts at +0,
// groups (or columns) ascending, one accumulator per output; at the end y = acc, or residual + acc when residual is
// given. The number of tokens, the tile and the panel range cannot matter.
#pragma once

#include <cstddef>

#include "engine/kernels/quantize.h"

namespace larder::kernels {

struct MatmulArgs {
    const std::byte* weights = nullptr;  // packed, 64-byte aligned
    int rows = 0;                        // outputs of the tensor; lanes past it are computed, not written
    int columns = 0;
    int tokens = 0;
    QuantizedRows quantized;             // int8 formats; of as many tokens
    const float* x = nullptr;            // f32, f16, bf16 formats: [tokens, columns], stride columns
    const float* residual = nullptr;     // null, or [tokens, rows] with the stride of y; may be y itself
    float* y = nullptr;                  // [tokens, rows], stride yStride floats
    std::ptrdiff_t yStride = 0;
    // A hint: the panels that the caller multiplies after these, when those behind them in memory are not it. Kernels that
    // stream ask for their beginnings in time.
    const std::byte* next = nullptr;
    std::size_t nextPanelBytes = 0;
};

using MatmulFn = void (*)(const MatmulArgs& args, int firstPanel, int lastPanel);

}  // namespace larder::kernels
