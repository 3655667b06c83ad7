// Row-wise operations.
#pragma once

namespace larder::kernels {

// y = (x * s) * w with s = 1 / sqrt(sum / n + eps); sum: lane i of 16 is an fma chain over x[16 j + i] (missing
// elements: none), lanes added by the tree +8, +4, +2, +1. x may be y. Any n >= 1.
using RmsNormFn = void (*)(const float* x, const float* w, int n, float eps, float* y);

// Rotates the first 2 * pairs values of each of `heads` heads of headDim values, in place: for pair (a, b) and its
// (c, s): a' = fma(a, c, -(b s)), b' = fma(a, s, b c). cosines, sines: [pairs], of this position.
using RopeFn = void (*)(float* x, int heads, int headDim, int pairs, const float* cosines, const float* sines);

// y = (gate / (1 + exp2(clamp(-gate * log2e, -126, 126)))) * up. y may be gate or up.
using SiluMulFn = void (*)(const float* gate, const float* up, int n, float* y);

// out[i] = exp2((x[i] - shift) * scale) with own exp2 (math.h); returns their sum: lane i of 16 adds out[16 j + i], then
// the tree +8, +4, +2, +1. For softmax over a vocabulary. out may be x.
using SoftmaxFn = float (*)(const float* x, int n, float shift, float scale, float* out);

}  // namespace larder::kernels
