#include "engine/kernels/math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/kernels/test_inputs.h"

namespace larder::kernels::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Exp2, isWithin82e9OfThePower) {
    double worst = 0;
    for (float x = -126.0f; x <= 127.0f; x += 0.0007f) {
        const double exact = std::exp2(static_cast<double>(x));
        worst = std::max(worst, std::fabs(static_cast<double>(exp2Scalar(x)) - exact) / exact);
    }
    EXPECT_LT(worst, 8.2e-8);
}

TEST(Exp2, isExactForIntegersAndCloseAroundThem) {
    for (int n = -126; n <= 127; ++n) {
        EXPECT_EQ(exp2Scalar(static_cast<float>(n)), std::ldexp(1.0f, n));
    }
    for (const float tie : {-0.5f, 0.5f, 1.5f, 2.5f, -2.5f, 126.5f}) {
        EXPECT_NEAR(static_cast<double>(exp2Scalar(tie)) / std::exp2(static_cast<double>(tie)), 1.0, 8.2e-8);
    }
}

TEST(Exp2, hasItsLimits) {
    EXPECT_EQ(exp2Scalar(std::nextafter(-126.0f, -kInfinity)), 0.0f);
    EXPECT_EQ(exp2Scalar(-kInfinity), 0.0f);
    EXPECT_EQ(exp2Scalar(std::nextafter(127.0f, kInfinity)), kInfinity);
    EXPECT_EQ(exp2Scalar(kInfinity), kInfinity);
    EXPECT_TRUE(std::isnan(exp2Scalar(std::nanf(""))));
}

TEST(Log2, isWithin2e7OfTheLogarithm) {
    Random random(61);
    for (int i = 0; i < 200000; ++i) {
        const float x = std::ldexp(uniform(random, 0.5f, 1.0f), static_cast<int>(random() % 270) - 145);
        if (x > 0.0f && x != 1.0f) {
            const double exact = std::log2(static_cast<double>(x));
            ASSERT_NEAR(static_cast<double>(log2Scalar(x)), exact, 2e-7 * std::fabs(exact)) << x;
        }
    }
}

TEST(Log2, isCloseAroundOne) {
    for (float x = 0.999f; x < 1.001f; x = std::nextafter(x, 2.0f) + 1e-7f) {
        const double exact = std::log2(static_cast<double>(x));
        ASSERT_NEAR(static_cast<double>(log2Scalar(x)), exact, 2e-7 * std::fabs(exact)) << x;
    }
    EXPECT_EQ(log2Scalar(1.0f), 0.0f);
}

TEST(Log2, isExactForPowersOfTwoAndEndsAtZero) {
    for (int n = -149; n <= 127; ++n) {
        EXPECT_EQ(log2Scalar(std::ldexp(1.0f, n)), static_cast<float>(n));
    }
    EXPECT_EQ(log2Scalar(0.0f), -kInfinity);
    EXPECT_EQ(log2Scalar(std::numeric_limits<float>::max()), 128.0f);
}

}  // namespace
}  // namespace larder::kernels::test
