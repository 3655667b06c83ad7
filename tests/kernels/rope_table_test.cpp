#include "engine/kernels/rope_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace larder::kernels::test {
namespace {

TEST(RopeFrequencies, arePowersOfTheBase) {
    for (const double base : {10000.0, 100000.0, 500000.0, 1000000.0, 1.5, 0.5}) {
        for (const int dims : {2, 64, 80, 128, 256}) {
            const std::vector<double> frequencies = ropeFrequencies(base, dims, {});
            ASSERT_EQ(frequencies.size(), static_cast<std::size_t>(dims / 2));
            for (int i = 0; i < dims / 2; ++i) {
                const double exact = std::pow(base, -2.0 * i / dims);
                EXPECT_NEAR(frequencies[static_cast<std::size_t>(i)], exact, 1e-14 * exact);
            }
        }
    }
}

TEST(RopeFrequencies, areDividedByTheirFactors) {
    const std::vector<float> factors = {1.0f, 8.0f, 2.5f, 32.0f};
    const std::vector<double> plain = ropeFrequencies(500000.0, 8, {});
    const std::vector<double> scaled = ropeFrequencies(500000.0, 8, factors);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(scaled[i], plain[i] / static_cast<double>(factors[i]));
    }
}

TEST(RopeFrequencies, areNotNumbersForAnImpossibleBase) {
    for (const double base : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
        EXPECT_TRUE(std::isnan(ropeFrequencies(base, 4, {})[1])) << base;
    }
}

// Against libm at the same double angle: the float nearest to within one unit in the last place of 1.
TEST(RopeRow, holdsCosineAndSineOfEveryAngle) {
    const std::vector<double> frequencies = ropeFrequencies(10000.0, 128, {});
    std::vector<float> cosines(64);
    std::vector<float> sines(64);
    for (const int position : {0, 1, 2, 3, 100, 2047, 8191, 131071, 1048575, 10000000}) {
        ropeRow(frequencies, position, cosines.data(), sines.data());
        for (std::size_t i = 0; i < 64; ++i) {
            const double angle = frequencies[i] * position;
            EXPECT_NEAR(static_cast<double>(cosines[i]), std::cos(angle), 0x1p-24) << position << " " << i;
            EXPECT_NEAR(static_cast<double>(sines[i]), std::sin(angle), 0x1p-24) << position << " " << i;
        }
    }
}

TEST(RopeRow, reducesAnglesInEveryQuadrant) {
    float cosine = 0;
    float sine = 0;
    for (double angle = -20.0; angle < 20.0; angle += 0.01) {
        ropeRow({&angle, 1}, 1, &cosine, &sine);
        ASSERT_NEAR(static_cast<double>(cosine), std::cos(angle), 0x1p-24) << angle;
        ASSERT_NEAR(static_cast<double>(sine), std::sin(angle), 0x1p-24) << angle;
    }
    const double zero = 0.0;
    ropeRow({&zero, 1}, 1000, &cosine, &sine);
    EXPECT_EQ(cosine, 1.0f);
    EXPECT_EQ(sine, 0.0f);
}

TEST(RopeRow, isNotANumberBeyondItsRange) {
    for (const double frequency : {std::nan(""), std::numeric_limits<double>::infinity(), 1e300}) {
        float cosine = 0;
        float sine = 0;
        ropeRow({&frequency, 1}, 5, &cosine, &sine);
        EXPECT_TRUE(std::isnan(cosine));
        EXPECT_TRUE(std::isnan(sine));
    }
}

}  // namespace
}  // namespace larder::kernels::test
