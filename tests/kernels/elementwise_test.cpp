#include "engine/kernels/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "engine/kernels/quantize.h"
#include "tests/kernels/test_inputs.h"

namespace larder::kernels::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kLengths[] = {1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 64, 100, 576, 1000};

class ElementwiseTables : public testing::TestWithParam<const Kernels*> {};
INSTANTIATE_TEST_SUITE_P(Elementwise, ElementwiseTables, testing::ValuesIn(tablesUnderTest()),
                         [](const auto& instance) { return tableName(instance.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ElementwiseTables);

std::vector<float> oddValues() {
    std::vector<float> values = {0.0f,          -0.0f,      1e-45f,   -1e-45f,   1e-38f,
                                 0x1p-100f,     -0x1p-101f, 1e30f,    -1e38f,    std::numeric_limits<float>::max(),
                                 126.0f,        -126.0f,    126.5f,   127.0f,    127.5f,
                                 128.0f,        -125.99f,   -126.01f, 0.5f,      1.5f,
                                 2.5f,          -0.5f,      -1.5f,    kInfinity, -kInfinity,
                                 std::nanf(""), 87.3f,      -87.3f,   88.8f,     -150.0f,
                                 1.0f,          -1.0f};
    return values;
}

void expectSameQuantized(const Kernels* table, const std::vector<float>& x) {
    const int columns = static_cast<int>(x.size());
    Activations expected(x, 1, columns);
    Activations actual(std::vector<float>(x.size()), 1, columns);
    std::fill(actual.codes.begin(), actual.codes.end(), std::int8_t{99});
    table->quantizeRow(x.data(), columns, groupsOf(actual.quantized(), columns, 0));
    EXPECT_EQ(actual.codes, expected.codes);
    EXPECT_EQ(actual.sums, expected.sums);
    EXPECT_EQ(firstDifference(actual.scales, expected.scales), "");
    EXPECT_EQ(actual.firstSums, expected.firstSums);
    EXPECT_EQ(firstDifference(actual.scaledSums, expected.scaledSums), "");
}

TEST_P(ElementwiseTables, quantizeLikeScalar) {
    Random random(21);
    for (const int columns : {32, 64, 96, 576}) {
        for (const float range : {1.0f, 1e-20f, 1e-31f, 1e20f}) {
            expectSameQuantized(GetParam(), uniformRow(random, static_cast<std::size_t>(columns), -range, range));
        }
    }
    expectSameQuantized(GetParam(), std::vector<float>(64, 0.0f));
    std::vector<float> halves(32);
    std::iota(halves.begin(), halves.end(), -15.5f);  // 127 / 127 = 1: ties to even
    halves[0] = 127.0f;
    expectSameQuantized(GetParam(), halves);
    for (const float odd : oddValues()) {
        std::vector<float> x = uniformRow(random, 96);
        x[3] = odd;
        x[64] = odd;
        x[65] = -odd;
        expectSameQuantized(GetParam(), x);
    }
    expectSameQuantized(GetParam(), oddValues());
}

TEST_P(ElementwiseTables, quantizeTheAskedRowOnly) {
    Random random(22);
    Activations x(uniformRow(random, 3 * 64), 3, 64);
    Activations y(std::vector<float>(3 * 64), 3, 64);
    for (int row = 2; row >= 0; --row) {
        GetParam()->quantizeRow(x.x.data() + row * 64, 64, groupsOf(y.quantized(), 64, row));
    }
    EXPECT_EQ(y.codes, x.codes);
    EXPECT_EQ(y.sums, x.sums);
}

TEST_P(ElementwiseTables, normalizeLikeScalarAlsoInPlace) {
    Random random(23);
    for (const int n : kLengths) {
        const std::vector<float> x = uniformRow(random, static_cast<std::size_t>(n), -3.0f, 3.0f);
        const std::vector<float> w = uniformRow(random, static_cast<std::size_t>(n));
        std::vector<float> expected(x.size() + 1, 7.0f);
        std::vector<float> actual = expected;
        scalarTable()->rmsNorm(x.data(), w.data(), n, 1e-5f, expected.data());
        GetParam()->rmsNorm(x.data(), w.data(), n, 1e-5f, actual.data());
        EXPECT_EQ(firstDifference(actual, expected), "") << n;
        std::vector<float> inPlace = x;
        GetParam()->rmsNorm(inPlace.data(), w.data(), n, 1e-5f, inPlace.data());
        EXPECT_EQ(firstDifference(inPlace, {expected.data(), x.size()}), "") << n;
    }
    const std::vector<float> zeros(40, 0.0f);
    std::vector<float> y(40);
    GetParam()->rmsNorm(zeros.data(), zeros.data(), 40, 0.0f, y.data());
    EXPECT_TRUE(std::isnan(y[0]));  // 0 * (1 / 0), as in scalar
}

TEST_P(ElementwiseTables, rotateLikeScalar) {
    Random random(24);
    for (const int headDim : {8, 16, 64, 80, 96, 128, 256}) {
        for (const int pairs : {headDim / 2, headDim / 4, headDim / 2 - 1, 1, 3}) {
            const auto size = static_cast<std::size_t>(3 * headDim);
            const std::vector<float> x = uniformRow(random, size);
            const std::vector<float> cosines = uniformRow(random, static_cast<std::size_t>(pairs));
            const std::vector<float> sines = uniformRow(random, static_cast<std::size_t>(pairs));
            for (const RopeFn Kernels::*rope : {&Kernels::ropeInterleaved, &Kernels::ropeNeox}) {
                std::vector<float> expected = x;
                std::vector<float> actual = x;
                (scalarTable()->*rope)(expected.data(), 3, headDim, pairs, cosines.data(), sines.data());
                (GetParam()->*rope)(actual.data(), 3, headDim, pairs, cosines.data(), sines.data());
                EXPECT_EQ(firstDifference(actual, expected), "") << headDim << " dims, " << pairs << " pairs";
            }
        }
    }
}

TEST_P(ElementwiseTables, gateLikeScalarAlsoInPlace) {
    Random random(25);
    for (const int n : kLengths) {
        const std::vector<float> gate = uniformRow(random, static_cast<std::size_t>(n), -200.0f, 200.0f);
        const std::vector<float> up = uniformRow(random, static_cast<std::size_t>(n));
        std::vector<float> expected(gate.size() + 1, 7.0f);
        std::vector<float> actual = expected;
        scalarTable()->siluMul(gate.data(), up.data(), n, expected.data());
        GetParam()->siluMul(gate.data(), up.data(), n, actual.data());
        EXPECT_EQ(firstDifference(actual, expected), "") << n;
        std::vector<float> inPlace = gate;
        GetParam()->siluMul(inPlace.data(), up.data(), n, inPlace.data());
        EXPECT_EQ(firstDifference(inPlace, {expected.data(), gate.size()}), "") << n;
    }
    const std::vector<float> odd = oddValues();
    const std::vector<float> ones(odd.size(), 1.0f);
    std::vector<float> expected(odd.size());
    std::vector<float> actual(odd.size());
    scalarTable()->siluMul(odd.data(), ones.data(), static_cast<int>(odd.size()), expected.data());
    GetParam()->siluMul(odd.data(), ones.data(), static_cast<int>(odd.size()), actual.data());
    EXPECT_EQ(firstDifference(actual, expected), "");
}

TEST_P(ElementwiseTables, exponentiateLikeScalarAlsoInPlace) {
    Random random(26);
    for (const int n : kLengths) {
        const std::vector<float> x = uniformRow(random, static_cast<std::size_t>(n), -150.0f, 10.0f);
        std::vector<float> expected(x.size() + 1, 7.0f);
        std::vector<float> actual = expected;
        const float expectedSum = scalarTable()->expAndSum(x.data(), n, 9.0f, 1.25f, expected.data());
        const float actualSum = GetParam()->expAndSum(x.data(), n, 9.0f, 1.25f, actual.data());
        EXPECT_EQ(firstDifference(actual, expected), "") << n;
        EXPECT_EQ(firstDifference({&actualSum, 1}, {&expectedSum, 1}), "") << n;
        std::vector<float> inPlace = x;
        GetParam()->expAndSum(inPlace.data(), n, 9.0f, 1.25f, inPlace.data());
        EXPECT_EQ(firstDifference(inPlace, {expected.data(), x.size()}), "") << n;
    }
    for (const float odd : oddValues()) {
        float expected = 0;
        float actual = 0;
        scalarTable()->expAndSum(&odd, 1, 0.0f, 1.0f, &expected);
        GetParam()->expAndSum(&odd, 1, 0.0f, 1.0f, &actual);
        EXPECT_EQ(firstDifference({&actual, 1}, {&expected, 1}), "") << odd;
    }
}

// ---- the specification itself --------------------------------------------------------------------------------------

TEST(ElementwiseScalar, quantizesToTheNearestOf255Steps) {
    Random random(27);
    const std::vector<float> x = uniformRow(random, 320, -5.0f, 5.0f);
    Activations q(x, 1, 320);
    for (std::size_t i = 0; i < x.size(); ++i) {
        EXPECT_LE(std::abs(static_cast<int>(q.codes[i])), 127);
        EXPECT_NEAR(static_cast<double>(q.scales[i / 32]) * q.codes[i], static_cast<double>(x[i]),
                    static_cast<double>(q.scales[i / 32]) * 0.5001);
    }
    for (std::size_t g = 0; g < 10; ++g) {
        EXPECT_EQ(q.sums[g], std::accumulate(q.codes.begin() + static_cast<std::ptrdiff_t>(g) * 32,
                                             q.codes.begin() + static_cast<std::ptrdiff_t>(g + 1) * 32, 0));
        EXPECT_EQ(q.scaledSums[g], q.scales[g] * static_cast<float>(q.sums[g]));
    }
}

TEST(ElementwiseScalar, carriesInvalidActivationsOnInsteadOfHidingThem) {
    for (const float bad : {kInfinity, -kInfinity, std::nanf("")}) {
        std::vector<float> x(32, 1.0f);
        x[7] = bad;
        const Activations q(x, 1, 32);
        EXPECT_FALSE(std::isfinite(q.scales[0]));
        EXPECT_TRUE(std::isnan(q.scaledSums[0]));
    }
}

// s: n / 16 + 4 roundings in the sum, halved by the square root, then 4 more; y: two more.
TEST(ElementwiseScalar, normalizesToUnitMeanSquare) {
    Random random(28);
    for (const int n : kLengths) {
        const std::vector<float> x = uniformRow(random, static_cast<std::size_t>(n), -3.0f, 3.0f);
        const std::vector<float> w = uniformRow(random, static_cast<std::size_t>(n));
        std::vector<float> y(x.size());
        scalarTable()->rmsNorm(x.data(), w.data(), n, 1e-5f, y.data());
        double sum = 0;
        for (const float value : x) {
            sum += static_cast<double>(value) * static_cast<double>(value);
        }
        const double s = 1.0 / std::sqrt(sum / n + 1e-5);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double exact = static_cast<double>(x[i]) * s * static_cast<double>(w[i]);
            EXPECT_NEAR(static_cast<double>(y[i]), exact, (n / 16 + 12) * 0x1p-24 * std::fabs(exact));
        }
    }
}

TEST(ElementwiseScalar, rotatesByTheAngle) {
    const float angle = 0.7f;
    const float c = std::cos(angle);
    const float s = std::sin(angle);
    std::vector<float> interleaved = {3.0f, 4.0f, 9.0f};
    scalarTable()->ropeInterleaved(interleaved.data(), 1, 3, 1, &c, &s);
    EXPECT_NEAR(interleaved[0], 3 * c - 4 * s, 1e-6f);
    EXPECT_NEAR(interleaved[1], 3 * s + 4 * c, 1e-6f);
    EXPECT_EQ(interleaved[2], 9.0f);
    std::vector<float> neox = {3.0f, 1.0f, 4.0f, 1.0f};
    const float cs[2] = {c, 1.0f};
    const float ss[2] = {s, 0.0f};
    scalarTable()->ropeNeox(neox.data(), 1, 4, 2, cs, ss);
    EXPECT_NEAR(neox[0], 3 * c - 4 * s, 1e-6f);
    EXPECT_NEAR(neox[2], 3 * s + 4 * c, 1e-6f);
    EXPECT_EQ(neox[1], 1.0f);
    EXPECT_EQ(neox[3], 1.0f);
}

// exp2's argument carries one rounding (|t| 2^-24 ln 2 of the power), its polynomial 8e-8, the rest three roundings.
TEST(ElementwiseScalar, gatesBySilu) {
    Random random(29);
    const std::vector<float> gate = uniformRow(random, 500, -30.0f, 30.0f);
    const std::vector<float> up = uniformRow(random, 500);
    std::vector<float> y(500);
    scalarTable()->siluMul(gate.data(), up.data(), 500, y.data());
    for (std::size_t i = 0; i < 500; ++i) {
        const double g = static_cast<double>(gate[i]);
        const double exact = g / (1.0 + std::exp(-g)) * static_cast<double>(up[i]);
        const double relative = (2.0 * std::fabs(g) * 1.4427 + 6) * 0x1p-24 + 8e-8;
        EXPECT_NEAR(static_cast<double>(y[i]), exact, relative * std::fabs(exact));
    }
}

TEST(ElementwiseScalar, sumsPowers) {
    Random random(30);
    const std::vector<float> x = uniformRow(random, 999, -20.0f, 0.0f);
    std::vector<float> y(999);
    const float sum = scalarTable()->expAndSum(x.data(), 999, 0.0f, 1.0f, y.data());
    double exact = 0;
    for (const float value : x) {
        exact += std::exp2(static_cast<double>(value));
    }
    EXPECT_NEAR(static_cast<double>(sum), exact, exact * (8e-8 + (999 / 16 + 5) * 0x1p-24));
}

}  // namespace
}  // namespace larder::kernels::test
