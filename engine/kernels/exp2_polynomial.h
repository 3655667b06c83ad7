// 2^f on [-1/2, 1/2] as 1 + f (c1 + f (c2 + ...)): minimax for relative error (2.6e-9) with the constant fixed at 1, so
// that 2^0 is 1. Found by Remez exchange. Private to kernels: every instruction set uses these constants.
#pragma once

namespace larder::kernels {

inline constexpr float kExp2C1 = 0x1.62e432p-1f;
inline constexpr float kExp2C2 = 0x1.ebfbe2p-3f;
inline constexpr float kExp2C3 = 0x1.c6ae72p-5f;
inline constexpr float kExp2C4 = 0x1.3b270ep-7f;
inline constexpr float kExp2C5 = 0x1.5f7276p-10f;
inline constexpr float kExp2C6 = 0x1.470b4ap-13f;

}  // namespace larder::kernels
