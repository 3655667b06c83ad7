// Activations as int8 in groups of 32 columns.
// Per group: amax = max |x|; if amax < 2^-100 all zero; d = amax / 127; q = rne(x * (127 / amax)) (127/amax rounded to
// f32 first); isum = sum q; msum = d * float(isum). No quantisation across tokens: a row depends on itself only.
#pragma once

#include <cstdint>

namespace larder::kernels {

// One matrix of quantised rows. Strides: codes `columns` bytes a row, the rest columns / 32 a row.
struct QuantizedRows {
    std::int8_t* codes = nullptr;        // [tokens, columns]
    float* scales = nullptr;             // [tokens, columns / 32]  d
    std::int32_t* sums = nullptr;        // [tokens, columns / 32]  isum
    std::int32_t* firstSums = nullptr;   // [tokens, columns / 32]  sum of the first 16 q, for formats with two scales
    float* scaledSums = nullptr;         // [tokens, columns / 32]  msum
};

// x: [columns]; columns a multiple of 32; writes row `row` of out.
using QuantizeRowFn = void (*)(const float* x, int columns, int row, const QuantizedRows& out);

}  // namespace larder::kernels
