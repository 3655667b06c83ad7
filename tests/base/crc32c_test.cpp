#include "engine/base/crc32c.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string_view>
#include <vector>

namespace larder::base {
namespace {

using Function = std::uint32_t (*)(std::span<const std::byte>, std::uint32_t);

std::vector<std::byte> randomBytes(std::size_t count) {
    std::mt19937_64 random(5);
    std::vector<std::byte> bytes(count);
    for (std::byte& each : bytes) each = static_cast<std::byte>(random());
    return bytes;
}

// Bit by bit, as the polynomial says.
std::uint32_t crcByBits(std::span<const std::byte> bytes, std::uint32_t before) {
    std::uint32_t crc = ~before;
    for (const std::byte each : bytes) {
        crc ^= std::to_integer<std::uint32_t>(each);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
    }
    return ~crc;
}

class Crc32c : public testing::TestWithParam<Function> {};
INSTANTIATE_TEST_SUITE_P(Ways, Crc32c, testing::Values(&crc32c, &crc32cFromTables),
                         [](const auto& way) { return way.index == 0 ? "instructions" : "tables"; });

// RFC 3720, appendix B.4.
TEST_P(Crc32c, HasTheValuesOfTheStandard) {
    const auto crc = GetParam();
    std::vector<std::byte> bytes(32);
    EXPECT_EQ(crc(bytes, 0), 0x8A9136AAu);
    for (std::byte& each : bytes) each = std::byte{0xFF};
    EXPECT_EQ(crc(bytes, 0), 0x62A8AB43u);
    for (std::size_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::byte>(i);
    EXPECT_EQ(crc(bytes, 0), 0x46DD794Eu);
    for (std::size_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::byte>(31 - i);
    EXPECT_EQ(crc(bytes, 0), 0x113FDB5Cu);
    constexpr unsigned char kIscsiRead[48] = {0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
                                              0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0};
    EXPECT_EQ(crc(std::as_bytes(std::span(kIscsiRead)), 0), 0xD9963A56u);
    EXPECT_EQ(crc(std::as_bytes(std::span(std::string_view("123456789"))), 0), 0xE3069283u);
    EXPECT_EQ(crc({}, 0), 0u);
}

TEST_P(Crc32c, EverySizeAndPlace) {
    const auto bytes = randomBytes(30'000);
    for (std::size_t size = 0; size < 3000; size += size < 900 ? 1 : 13) {
        const auto part = std::span(bytes).subspan(size % 9, size);
        ASSERT_EQ(GetParam()(part, 0), crcByBits(part, 0)) << size;
    }
    for (const std::size_t size : {12'287, 12'288, 12'289, 13'063, 24'576, 29'990}) {
        const auto part = std::span(bytes).subspan(3, size);
        ASSERT_EQ(GetParam()(part, 0x12345678), crcByBits(part, 0x12345678)) << size;
    }
}

TEST_P(Crc32c, GoesOnFromAnyPlace) {
    const auto bytes = randomBytes(5000);
    const std::uint32_t all = GetParam()(bytes, 0);
    for (std::size_t cut = 0; cut <= bytes.size(); cut += 97)
        ASSERT_EQ(GetParam()(std::span(bytes).subspan(cut), GetParam()(std::span(bytes).first(cut), 0)), all) << cut;
}

TEST_P(Crc32c, SeesEveryFlippedBit) {
    auto bytes = randomBytes(2000);
    const std::uint32_t right = GetParam()(bytes, 0);
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
        const auto mask = static_cast<std::byte>(1u << (bit % 8));
        bytes[bit / 8] ^= mask;
        ASSERT_NE(GetParam()(bytes, 0), right) << bit;
        bytes[bit / 8] ^= mask;
    }
}

}  // namespace
}  // namespace larder::base
