// Own exp2, log2 and powers, in the exact order of operations that every instruction set repeats. No libm but fma.
#pragma once

namespace larder::kernels {

inline constexpr float kLog2e = 1.44269504088896340736f;
inline constexpr float kLn2 = 0.693147180559945309417f;

// 2^x: n = rne(x), f = x - n, degree-6 fma Horner polynomial on [-1/2, 1/2], exponent added as an integer;
// x < -126 gives 0, x > 127 gives +inf. Relative error below 8.2e-8.
float exp2Scalar(float x);

// log2(x) for finite x > 0 (x == 0 gives -inf). Relative error below 2e-7.
float log2Scalar(float x);

}  // namespace larder::kernels
