#include "engine/kernels/math.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "engine/kernels/exp2_polynomial.h"
#include "engine/kernels/half.h"

namespace larder::kernels {

float exp2Scalar(float x) {
    if (x < -126.0f) {
        return 0.0f;
    }
    if (x > 127.0f) {
        return std::numeric_limits<float>::infinity();
    }
    if (x != x) {
        return x;
    }
    // Adding 1.5 * 2^23 leaves no fraction bits: the sum is rounded to the nearest integer, ties to even.
    constexpr float kRound = 0x1.8p23f;
    const float n = (x + kRound) - kRound;
    const float f = x - n;
    float p = std::fma(f, kExp2C6, kExp2C5);
    p = std::fma(f, p, kExp2C4);
    p = std::fma(f, p, kExp2C3);
    p = std::fma(f, p, kExp2C2);
    p = std::fma(f, p, kExp2C1);
    p = std::fma(f, p, 1.0f);
    return floatFromBits(floatBits(p) + (static_cast<std::uint32_t>(static_cast<std::int32_t>(n)) << 23));
}

float log2Scalar(float x) {
    if (x == 0.0f) {
        return -std::numeric_limits<float>::infinity();
    }
    // In double every float is normal. x = 2^e m with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh((m - 1) / (m + 1)).
    const double wide = x;
    std::uint64_t bits;
    std::memcpy(&bits, &wide, sizeof bits);
    constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcdu;
    const std::int64_t e = static_cast<std::int64_t>(bits - kSqrtHalf) >> 52;
    bits -= static_cast<std::uint64_t>(e) << 52;
    double m;
    std::memcpy(&m, &bits, sizeof m);
    const double s = (m - 1.0) / (m + 1.0);
    const double z = s * s;
    double series = 0.0;
    for (int k = 17; k >= 1; k -= 2) {
        series = series * z + 1.0 / k;
    }
    constexpr double kTwoLog2e = 2.88539008177792681472;
    return static_cast<float>(static_cast<double>(e) + kTwoLog2e * s * series);
}

}  // namespace larder::kernels
