#include "engine/kernels/rope_table.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace larder::kernels {
namespace {

constexpr double kLnTwo = 0.693147180559945309417232;
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

// Adding 1.5 * 2^52 rounds to the nearest integer, ties to even, for |x| < 2^51.
double roundToInteger(double x) {
    constexpr double kRound = 0x1.8p52;
    return (x + kRound) - kRound;
}

double log2Wide(double x) {
    if (!(x >= std::numeric_limits<double>::min() && x <= std::numeric_limits<double>::max())) {
        return kNotANumber;
    }
    std::uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcdu;
    const std::int64_t e = static_cast<std::int64_t>(bits - kSqrtHalf) >> 52;
    bits -= static_cast<std::uint64_t>(e) << 52;
    double m;
    std::memcpy(&m, &bits, sizeof m);
    const double s = (m - 1.0) / (m + 1.0);
    const double z = s * s;
    double series = 0.0;
    for (int k = 25; k >= 1; k -= 2) {
        series = series * z + 1.0 / k;
    }
    return static_cast<double>(e) + 2.0 / kLnTwo * s * series;
}

double exp2Wide(double x) {
    if (!(x >= -1000.0 && x <= 1000.0)) {
        return kNotANumber;
    }
    const double n = roundToInteger(x);
    const double t = (x - n) * kLnTwo;
    double series = 1.0;
    for (int k = 18; k >= 1; --k) {
        series = 1.0 + series * t / k;
    }
    const std::uint64_t bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(n) + 1023) << 52;
    double power;
    std::memcpy(&power, &bits, sizeof power);
    return series * power;
}

struct CosSin {
    double cosine;
    double sine;
};

// Taylor series on [-pi/4, pi/4].
CosSin cosSinReduced(double r) {
    const double z = r * r;
    double cosine = 1.0;
    double sine = 1.0;
    for (int k = 18; k >= 2; k -= 2) {
        cosine = 1.0 - cosine * z / ((k - 1) * k);
        sine = 1.0 - sine * z / (k * (k + 1));
    }
    return {cosine, sine * r};
}

// Cody and Waite: pi/2 in three parts of 33 bits; n times the first two is exact for n below 2^20, and beyond that the
// last fma keeps the error far under a float's rounding up to the limit.
CosSin cosSin(double x) {
    constexpr double kLimit = 0x1p30;
    if (!(x >= -kLimit && x <= kLimit)) {
        return {kNotANumber, kNotANumber};
    }
    constexpr double kHalfPi1 = 0x1.921fb544p0;
    constexpr double kHalfPi2 = 0x1.0b4611a6p-34;
    constexpr double kHalfPi3 = 0x1.3198a2e037073p-69;
    const double n = roundToInteger(x * 0x1.45f306dc9c883p-1);
    double r = std::fma(-n, kHalfPi1, x);
    r = std::fma(-n, kHalfPi2, r);
    r = std::fma(-n, kHalfPi3, r);
    const CosSin reduced = cosSinReduced(r);
    switch (static_cast<std::int64_t>(n) & 3) {
        case 0:
            return reduced;
        case 1:
            return {-reduced.sine, reduced.cosine};
        case 2:
            return {-reduced.cosine, -reduced.sine};
        default:
            return {reduced.sine, -reduced.cosine};
    }
}

}  // namespace

std::vector<double> ropeFrequencies(double base, int dims, std::span<const float> factors) {
    std::vector<double> frequencies(static_cast<std::size_t>(dims / 2));
    const double logBase = log2Wide(base);
    for (std::size_t i = 0; i < frequencies.size(); ++i) {
        const double exponent = -2.0 * static_cast<double>(i) / dims * logBase;
        const double factor = factors.empty() ? 1.0 : static_cast<double>(factors[i]);
        frequencies[i] = exp2Wide(exponent) / factor;
    }
    return frequencies;
}

void ropeRow(std::span<const double> frequencies, int position, float* cosines, float* sines) {
    for (std::size_t i = 0; i < frequencies.size(); ++i) {
        const CosSin value = cosSin(frequencies[i] * position);
        cosines[i] = static_cast<float>(value.cosine);
        sines[i] = static_cast<float>(value.sine);
    }
}

}  // namespace larder::kernels
