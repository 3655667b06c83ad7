#include "engine/kernels/matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "tests/kernels/test_inputs.h"

namespace larder::kernels::test {
namespace {

constexpr float kUntouched = -12345.0f;

MatmulArgs argsFor(const PackedWeights& weights, Activations& x, std::vector<float>& y) {
    MatmulArgs args;
    args.weights = weights.bytes.data();
    args.rows = weights.rows;
    args.columns = weights.columns;
    args.tokens = x.tokens;
    args.quantized = x.quantized();
    args.x = x.x.data();
    args.y = y.data();
    args.yStride = weights.rows + 3;
    return args;
}

std::vector<float> product(const Kernels* table, const PackedWeights& weights, Activations& x,
                           const std::vector<float>* residual = nullptr) {
    std::vector<float> y(static_cast<std::size_t>(x.tokens) * static_cast<std::size_t>(weights.rows + 3), kUntouched);
    MatmulArgs args = argsFor(weights, x, y);
    args.residual = residual == nullptr ? nullptr : residual->data();
    table->matmul[static_cast<int>(weights.format)](args, 0, weights.panels);
    return y;
}

class EveryTable : public testing::TestWithParam<const Kernels*> {};

INSTANTIATE_TEST_SUITE_P(Matmul, EveryTable, testing::ValuesIn(tablesUnderTest()),
                         [](const auto& instance) { return tableName(instance.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EveryTable);

TEST_P(EveryTable, multipliesRaggedShapesLikeScalar) {
    Random random(1);
    for (const WeightFormat format : kAllFormats) {
        for (const int some : {32, 64, 96, 160, 576, 1184}) {
            const int columns = fittingColumns(format, some);
            for (const int rows : {1, 15, 16, 17, 40}) {
                const PackedWeights weights(format, randomSource(random, format, rows, columns), rows, columns);
                for (const int tokens : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 24, 33, 43}) {
                    Activations x(uniformRow(random, static_cast<std::size_t>(tokens * columns)), tokens, columns);
                    ASSERT_EQ(firstDifference(product(GetParam(), weights, x), product(scalarTable(), weights, x)), "")
                        << formatName(format) << " " << rows << "x" << columns << ", " << tokens << " tokens";
                }
            }
        }
    }
}

// Long rows: some tables copy activations only while there is room for them.
TEST_P(EveryTable, multipliesLongRowsLikeScalar) {
    Random random(12);
    for (const WeightFormat format : kAllFormats) {
        for (const int some : {16384, 16416}) {
            const int columns = fittingColumns(format, some);
            const PackedWeights weights(format, randomSource(random, format, 5, columns), 5, columns);
            Activations x(uniformRow(random, static_cast<std::size_t>(9 * columns)), 9, columns);
            EXPECT_EQ(firstDifference(product(GetParam(), weights, x), product(scalarTable(), weights, x)), "")
                << formatName(format) << ", " << columns << " columns";
        }
    }
}

TEST_P(EveryTable, multipliesOddFloatColumnsLikeScalar) {
    Random random(2);
    for (const WeightFormat format : {WeightFormat::F32, WeightFormat::F16, WeightFormat::BF16}) {
        for (const int columns : {1, 2, 3, 5, 31, 33}) {
            const PackedWeights weights(format, randomSource(random, format, 20, columns), 20, columns);
            Activations x(uniformRow(random, static_cast<std::size_t>(7 * columns)), 7, columns);
            EXPECT_EQ(firstDifference(product(GetParam(), weights, x), product(scalarTable(), weights, x)), "")
                << formatName(format) << " " << columns << " columns";
        }
    }
}

TEST_P(EveryTable, addsTheResidualAlsoInPlace) {
    Random random(3);
    for (const WeightFormat format : kAllFormats) {
        const int columns = fittingColumns(format, 96);
        const PackedWeights weights(format, randomSource(random, format, 21, columns), 21, columns);
        for (const int tokens : {1, 4, 9, 16, 31}) {
            Activations x(uniformRow(random, static_cast<std::size_t>(tokens * columns)), tokens, columns);
            const std::vector<float> residual = uniformRow(random, static_cast<std::size_t>(tokens * 24));
            const std::vector<float> expected = product(scalarTable(), weights, x, &residual);
            EXPECT_EQ(firstDifference(product(GetParam(), weights, x, &residual), expected), "");

            std::vector<float> y = residual;
            MatmulArgs args = argsFor(weights, x, y);
            args.residual = y.data();
            GetParam()->matmul[static_cast<int>(format)](args, 0, weights.panels);
            for (int t = 0; t < tokens; ++t) {
                const std::size_t at = static_cast<std::size_t>(t) * 24;
                EXPECT_EQ(firstDifference({y.data() + at, 21}, {expected.data() + at, 21}), "");
            }
        }
    }
}

TEST_P(EveryTable, givesTheSameBitsForAnySplitOfPanels) {
    Random random(4);
    for (const WeightFormat format : kAllFormats) {
        const int columns = fittingColumns(format, 96);
        const PackedWeights weights(format, randomSource(random, format, 150, columns), 150, columns);
        Activations x(uniformRow(random, static_cast<std::size_t>(11 * columns)), 11, columns);
        const std::vector<float> whole = product(GetParam(), weights, x);
        for (int split = 0; split <= weights.panels; ++split) {
            std::vector<float> y(whole.size(), kUntouched);
            const MatmulArgs args = argsFor(weights, x, y);
            GetParam()->matmul[static_cast<int>(format)](args, split, weights.panels);
            GetParam()->matmul[static_cast<int>(format)](args, 0, split);
            ASSERT_EQ(firstDifference(y, whole), "") << formatName(format) << " split at " << split;
        }
    }
}

TEST_P(EveryTable, givesATokenTheSameBitsInAnyBatch) {
    Random random(5);
    for (const WeightFormat format : kAllFormats) {
        const int columns = fittingColumns(format, 160);
        const PackedWeights weights(format, randomSource(random, format, 32, columns), 32, columns);
        Activations batch(uniformRow(random, static_cast<std::size_t>(29 * columns)), 29, columns);
        const std::vector<float> together = product(GetParam(), weights, batch);
        for (int t = 0; t < batch.tokens; ++t) {
            Activations one({batch.x.begin() + t * columns, batch.x.begin() + (t + 1) * columns}, 1, columns);
            EXPECT_EQ(firstDifference(product(GetParam(), weights, one), {together.data() + t * 35, 35}), "");
        }
    }
}

// Every code at one end and every activation at one end: sums in 16 bits must not saturate.
TEST_P(EveryTable, doesNotSaturateAtExtremeCodes) {
    Random random(6);
    for (const WeightFormat format : kQuantizedFormats) {
        const int columns = fittingColumns(format, 64);
        std::vector<std::byte> source = randomSource(random, format, 16, columns);
        const std::vector<std::byte> scales = source;
        const std::size_t blockBytes = sourceRowBytes(format, blockColumns(format));
        for (const int code : {0x00, 0xff, 0x80, 0x7f, 0x81, 0x0f, 0xf0}) {
            std::memset(source.data(), code, source.size());
            const std::size_t scaleBytes = format == WeightFormat::Q4_1 ? 4 : 2;
            for (std::size_t at = scaleOffset(format); at < source.size(); at += blockBytes) {
                std::memcpy(source.data() + at, scales.data() + at, scaleBytes);
            }
            const PackedWeights weights(format, source, 16, columns);
            for (const float sign : {1.0f, -1.0f}) {
                for (const int tokens : {5, 17}) {
                    std::vector<float> values(static_cast<std::size_t>(tokens * columns), sign);
                    for (std::size_t k = static_cast<std::size_t>(columns); k < 2 * static_cast<std::size_t>(columns);
                         k += 2) {
                        values[k] = -sign;  // and one token of either sign in turn
                    }
                    Activations x(values, tokens, columns);
                    EXPECT_EQ(firstDifference(product(GetParam(), weights, x), product(scalarTable(), weights, x)), "")
                        << formatName(format) << " code " << code;
                }
            }
        }
    }
}

TEST_P(EveryTable, treatsTinyHugeAndInvalidActivationsLikeScalar) {
    Random random(7);
    const float infinity = std::numeric_limits<float>::infinity();
    const float specials[] = {1e-38f,   1e-45f,    0x1p-100f,    1e30f, std::numeric_limits<float>::max(),
                              infinity, -infinity, std::nanf("")};
    for (const WeightFormat format : kAllFormats) {
        const int columns = fittingColumns(format, 64);
        const PackedWeights weights(format, randomSource(random, format, 16, columns), 16, columns);
        for (const float special : specials) {
            const auto row = static_cast<std::size_t>(columns);
            std::vector<float> values = uniformRow(random, 8 * row);
            values[5] = special;
            values[row + 40] = special;
            for (std::size_t k = 2 * row; k < 3 * row; ++k) {
                values[k] *= special;
            }
            Activations x(values, 8, columns);
            EXPECT_EQ(firstDifference(product(GetParam(), weights, x), product(scalarTable(), weights, x)), "")
                << formatName(format) << " with " << special;
        }
    }
}

// ---- the specification itself, against plain double arithmetic -----------------------------------------------------

double unpackedDot(const PackedWeights& weights, int row, const float* x, double& magnitude) {
    std::vector<float> w(static_cast<std::size_t>(weights.columns));
    unpackRow(weights.format, weights.bytes.data(), weights.columns, row, w.data());
    double sum = 0;
    magnitude = 0;
    for (int k = 0; k < weights.columns; ++k) {
        const double term = static_cast<double>(w[static_cast<std::size_t>(k)]) * static_cast<double>(x[k]);
        sum += term;
        magnitude += std::fabs(term);
    }
    return sum;
}

// Float formats: n roundings of a running sum, each at most 2^-24 of the sum of magnitudes.
TEST(MatmulScalar, isTheDotProductForFloatWeights) {
    Random random(8);
    for (const WeightFormat format : {WeightFormat::F32, WeightFormat::F16, WeightFormat::BF16}) {
        const PackedWeights weights(format, randomSource(random, format, 20, 200), 20, 200);
        Activations x(uniformRow(random, 2 * 200), 2, 200);
        const std::vector<float> y = product(scalarTable(), weights, x);
        for (int t = 0; t < 2; ++t) {
            for (int row = 0; row < 20; ++row) {
                double magnitude = 0;
                const double exact = unpackedDot(weights, row, x.x.data() + t * 200, magnitude);
                EXPECT_NEAR(static_cast<double>(y[static_cast<std::size_t>(t * 23 + row)]), exact,
                            200 * 0x1p-24 * magnitude);
            }
        }
    }
}

// Against the activations after quantisation: unpackRow rounds each weight once (2^-24), and each group adds at most
// four roundings (scale product, two fma, the scaled sum of the minimum).
TEST(MatmulScalar, isTheDotProductWithQuantizedActivations) {
    Random random(9);
    for (const WeightFormat format : kQuantizedFormats) {
        const int columns = fittingColumns(format, 224);
        const PackedWeights weights(format, randomSource(random, format, 20, columns), 20, columns);
        Activations x(uniformRow(random, static_cast<std::size_t>(2 * columns)), 2, columns);
        std::vector<float> rounded(x.x.size());
        for (int t = 0; t < 2; ++t) {
            const TokenGroups groups = groupsOf(x.quantized(), columns, t);
            for (int k = 0; k < columns; ++k) {
                const std::ptrdiff_t at = k / kGroup * groups.width;
                rounded[static_cast<std::size_t>(t * columns + k)] =
                    groups.scales[at] * static_cast<float>(groups.codes[at * kGroup + k % kGroup]);
            }
        }
        const std::vector<float> y = product(scalarTable(), weights, x);
        for (int t = 0; t < 2; ++t) {
            for (int row = 0; row < 20; ++row) {
                double magnitude = 0;
                const double exact = unpackedDot(weights, row, rounded.data() + t * columns, magnitude);
                // Codes and minima cancel in Q4_1 and around the zero point: magnitudes of the parts are larger.
                EXPECT_NEAR(static_cast<double>(y[static_cast<std::size_t>(t * 23 + row)]), exact,
                            (4 * columns / kGroup + 2) * 0x1p-24 * 16 * magnitude);
            }
        }
    }
}

// Half a step of every activation, which is amax / 254 of its group, times the weights.
TEST(MatmulScalar, staysWithinTheQuantizationError) {
    Random random(10);
    const PackedWeights weights(WeightFormat::Q8_0, randomSource(random, WeightFormat::Q8_0, 16, 256), 16, 256);
    Activations x(uniformRow(random, 256), 1, 256);
    const std::vector<float> y = product(scalarTable(), weights, x);
    for (int row = 0; row < 16; ++row) {
        std::vector<float> w(256);
        unpackRow(weights.format, weights.bytes.data(), 256, row, w.data());
        double exact = 0;
        double bound = 1e-5;
        for (std::size_t k = 0; k < 256; ++k) {
            exact += static_cast<double>(w[k]) * static_cast<double>(x.x[k]);
            bound += std::fabs(static_cast<double>(w[k])) * static_cast<double>(x.scales[k / kGroup]) * 0.5001;
        }
        EXPECT_NEAR(static_cast<double>(y[static_cast<std::size_t>(row)]), exact, bound);
    }
}

TEST(MatmulScalar, writesOnlyRowsThatExist) {
    Random random(11);
    for (const Kernels* table : tablesUnderTest()) {
        for (const WeightFormat format : kAllFormats) {
            const int columns = fittingColumns(format, 64);
            const PackedWeights weights(format, randomSource(random, format, 19, columns), 19, columns);
            Activations x(uniformRow(random, static_cast<std::size_t>(18 * columns)), 18, columns);
            const std::vector<float> y = product(table, weights, x);
            for (std::size_t t = 0; t < 18; ++t) {
                for (std::size_t past = 19; past < 22; ++past) {
                    EXPECT_EQ(y[t * 22 + past], kUntouched);
                }
            }
        }
    }
}

}  // namespace
}  // namespace larder::kernels::test
