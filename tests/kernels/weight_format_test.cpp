#include "engine/kernels/weight_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/kernels/half.h"
#include "tests/kernels/test_inputs.h"

namespace larder::kernels::test {
namespace {

// One value of a row as GGUF defines it, straight from the file's layout.
float sourceValue(WeightFormat format, const std::byte* row, int k) {
    switch (format) {
        case WeightFormat::F32: {
            float value;
            std::memcpy(&value, row + 4 * k, 4);
            return value;
        }
        case WeightFormat::F16:
            return halfToFloat(loadU16(row + 2 * k));
        case WeightFormat::BF16:
            return bfloatToFloat(loadU16(row + 2 * k));
        default:
            break;
    }
    if (format == WeightFormat::Q6_K) {
        // As GGUF's reference reads it: per half block of 128, four columns from each pair of bytes.
        const std::byte* super = row + static_cast<std::ptrdiff_t>(k / 256) * 210;
        const int half = k % 256 / 128;
        const int quarter = k % 128 / 32;
        const int l = k % 32;
        const int low = std::to_integer<int>(super[64 * half + l + (quarter % 2 == 1 ? 32 : 0)]);
        const int high = std::to_integer<int>(super[128 + 32 * half + l]);
        const int code = (quarter >= 2 ? low / 16 : low % 16) + 16 * (high / (1 << 2 * quarter) % 4) - 32;
        const auto scale = static_cast<std::int8_t>(super[192 + 8 * half + l / 16 + 2 * quarter]);
        return halfToFloat(loadU16(super + 208)) * static_cast<float>(scale) * static_cast<float>(code);
    }
    const std::byte* block =
        row + static_cast<std::ptrdiff_t>(k / 32) * static_cast<std::ptrdiff_t>(sourceRowBytes(format, 32));
    const int i = k % 32;
    const float d = halfToFloat(loadU16(block));
    if (format == WeightFormat::Q8_0) {
        return d * static_cast<float>(static_cast<std::int8_t>(block[2 + i]));
    }
    const int header = format == WeightFormat::Q4_1 ? 4 : 2;
    const int both = std::to_integer<int>(block[header + i % 16]);
    const int code = i < 16 ? both % 16 : both / 16;
    if (format == WeightFormat::Q4_0) {
        return d * static_cast<float>(code - 8);
    }
    return std::fma(d, static_cast<float>(code), halfToFloat(loadU16(block + 2)));
}

TEST(WeightFormat, keepsEveryValueOfTheFile) {
    Random random(71);
    for (const WeightFormat format : kAllFormats) {
        for (const int some : {32, 64, 96, 160, 576}) {
            const int columns = fittingColumns(format, some);
            for (const int rows : {1, 16, 17, 45}) {
                const std::vector<std::byte> source = randomSource(random, format, rows, columns);
                const PackedWeights packed(format, source, rows, columns);
                std::vector<float> row(static_cast<std::size_t>(columns));
                for (int r = 0; r < rows; ++r) {
                    unpackRow(format, packed.bytes.data(), columns, r, row.data());
                    const std::byte* from =
                        source.data() + static_cast<std::size_t>(r) * sourceRowBytes(format, columns);
                    for (int k = 0; k < columns; ++k) {
                        ASSERT_EQ(row[static_cast<std::size_t>(k)], sourceValue(format, from, k))
                            << formatName(format) << " " << r << "," << k;
                    }
                }
            }
        }
    }
}

TEST(WeightFormat, packsAnyRangeOfPanelsAlone) {
    Random random(72);
    for (const WeightFormat format : kAllFormats) {
        const int columns = fittingColumns(format, 96);
        const std::vector<std::byte> source = randomSource(random, format, 40, columns);
        const PackedWeights whole(format, source, 40, columns);
        const std::size_t bytes = packedPanelBytes(format, columns);
        AlignedBytes parts(3 * bytes);
        packPanels(format, source.data(), 40, columns, 2, 3, parts.data());
        packPanels(format, source.data(), 40, columns, 0, 2, parts.data());
        EXPECT_EQ(std::memcmp(parts.data(), whole.bytes.data(), 3 * bytes), 0) << formatName(format);
    }
}

TEST(WeightFormat, writesZerosWhereRowsAreMissingAndNothingElse) {
    Random random(73);
    for (const WeightFormat format : kAllFormats) {
        for (const int some : {32, 64}) {
            const int columns = fittingColumns(format, some);
            const std::vector<std::byte> source = randomSource(random, format, 3, columns);
            const std::size_t bytes = packedPanelBytes(format, columns);
            AlignedBytes packed(bytes + 64);
            packPanels(format, source.data(), 3, columns, 0, 1, packed.data());
            std::vector<float> row(static_cast<std::size_t>(columns), 1.0f);
            unpackRow(format, packed.data(), columns, 15, row.data());
            for (const float value : row) {
                EXPECT_EQ(value, 0.0f);
            }
            EXPECT_EQ(packed.data()[bytes], std::byte{0xff});
        }
    }
}

TEST(WeightFormat, packsFloatColumnsOfAnyCount) {
    Random random(74);
    for (const WeightFormat format : {WeightFormat::F32, WeightFormat::F16, WeightFormat::BF16}) {
        for (const int columns : {1, 2, 3, 7, 33}) {
            const std::vector<std::byte> source = randomSource(random, format, 5, columns);
            const PackedWeights packed(format, source, 5, columns);
            std::vector<float> row(static_cast<std::size_t>(columns));
            unpackRow(format, packed.bytes.data(), columns, 4, row.data());
            for (int k = 0; k < columns; ++k) {
                EXPECT_EQ(row[static_cast<std::size_t>(k)],
                          sourceValue(format, source.data() + 4 * sourceRowBytes(format, columns), k));
            }
        }
    }
}

TEST(WeightFormat, hasPanelsOfWholeCacheLines) {
    for (const WeightFormat format : kAllFormats) {
        for (int columns = 32; columns <= 320; columns += 32) {
            EXPECT_EQ(packedPanelBytes(format, fittingColumns(format, columns)) % 64, 0u);
        }
    }
    EXPECT_EQ(packedPanelBytes(WeightFormat::Q4_0, 64), 2 * 288u);
    EXPECT_EQ(packedPanelBytes(WeightFormat::Q4_1, 64), 2 * 320u);
    EXPECT_EQ(packedPanelBytes(WeightFormat::Q8_0, 64), 2 * 544u);
    EXPECT_EQ(packedPanelBytes(WeightFormat::Q4_1, 32), 256u + 64 + 64);
    EXPECT_EQ(packedPanelBytes(WeightFormat::BF16, 1), 64u);
    EXPECT_EQ(packedPanelBytes(WeightFormat::Q6_K, 512), 2 * 3392u);
    EXPECT_EQ(sourceRowBytes(WeightFormat::Q8_0, 64), 68u);
    EXPECT_EQ(sourceRowBytes(WeightFormat::Q6_K, 512), 420u);
    EXPECT_FALSE(usesInt8Activations(WeightFormat::BF16));
    EXPECT_TRUE(usesInt8Activations(WeightFormat::Q4_1));
}

// Every half widens and narrows back; between two neighbours the nearer one is taken, the even one at a tie.
TEST(Half, convertsLikeIeee754) {
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        const float value = halfToFloat(half);
        if (std::isnan(value)) {
            EXPECT_GT(floatToHalf(value) & 0x7fff, 0x7c00);
            continue;
        }
        ASSERT_EQ(floatToHalf(value), half);
        if ((bits & 0x7fff) < 0x7bff) {
            const float next = halfToFloat(static_cast<std::uint16_t>(bits + 1));
            const float middle = 0.5f * (value + next);
            ASSERT_EQ(floatToHalf(middle), bits % 2 == 0 ? bits : bits + 1);
            ASSERT_EQ(floatToHalf(std::nextafter(middle, value)), bits);
            ASSERT_EQ(floatToHalf(std::nextafter(middle, next)), bits + 1);
        }
    }
    EXPECT_EQ(halfToFloat(0x3c00), 1.0f);
    EXPECT_EQ(halfToFloat(0x0001), 0x1p-24f);
    EXPECT_EQ(floatToHalf(65519.99f), 0x7bff);
    EXPECT_EQ(floatToHalf(65520.0f), 0x7c00);
    EXPECT_EQ(floatToHalf(1e30f), 0x7c00);
    EXPECT_EQ(floatToHalf(0x1p-26f), 0x0000);
}

}  // namespace
}  // namespace larder::kernels::test
