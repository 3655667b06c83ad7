#include "engine/base/compression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "engine/base/byte_planes.h"

namespace larder::base {
namespace {

using Bytes = std::vector<std::byte>;
using testing::HasSubstr;

Bytes randomBytes(std::size_t count, std::uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    Bytes bytes(count);
    for (std::byte& each : bytes) each = static_cast<std::byte>(random());
    return bytes;
}

// Numbers around 0 as floats with their lower half cut off: close exponents, random fractions.
Bytes numbers(std::size_t count, std::size_t elementBytes) {
    std::mt19937_64 random(1);
    std::normal_distribution<float> normal;
    Bytes bytes(count * elementBytes);
    for (std::size_t i = 0; i < count; ++i) {
        const float value = normal(random);
        std::byte parts[4];
        std::memcpy(parts, &value, 4);
        std::memcpy(bytes.data() + i * elementBytes, parts + 4 - elementBytes, elementBytes);
    }
    return bytes;
}

// Through copies of exactly their size, so that AddressSanitizer sees one byte too many.
Expected<void> decompressed(PlaneCompressor& compressor, const Bytes& frame, std::size_t elementBytes, Bytes& bytes) {
    const Bytes exact(frame.begin(), frame.end());
    return compressor.decompress(exact, elementBytes, bytes);
}

Bytes frameOf(PlaneCompressor& compressor, const Bytes& bytes, std::size_t elementBytes, int level = 1) {
    const auto frame = compressor.compress(bytes, elementBytes, level);
    return {frame.begin(), frame.end()};
}

void expectRoundTrip(PlaneCompressor& compressor, const Bytes& bytes, std::size_t elementBytes, int level = 1) {
    const Bytes frame = frameOf(compressor, bytes, elementBytes, level);
    Bytes back(bytes.size());
    const auto done = decompressed(compressor, frame, elementBytes, back);
    ASSERT_TRUE(done.ok()) << done.error().message;
    ASSERT_EQ(back, bytes) << bytes.size() << " bytes, elements of " << elementBytes;
}

TEST(BytePlanes, StandAsDescribed) {
    const std::string elements = "aAbBcCdDx";
    std::string planes(elements.size(), '?');
    const auto split = [&](std::size_t elementBytes) {
        splitPlanes(std::as_bytes(std::span(elements)), elementBytes, std::as_writable_bytes(std::span(planes)));
        return planes;
    };
    EXPECT_EQ(split(1), elements);
    EXPECT_EQ(split(2), "abcdABCDx");
    EXPECT_EQ(split(4), "acACbdBDx");
}

TEST(BytePlanes, EverySizeThereAndBack) {
    const Bytes source = randomBytes(1100);
    for (std::size_t size = 0; size <= 1100; size += size < 300 ? 1 : 7) {
        for (const std::size_t elementBytes : {1, 2, 4}) {
            const Bytes bytes(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(size));
            Bytes planes(size);
            splitPlanes(bytes, elementBytes, planes);
            const std::size_t count = size / elementBytes;
            for (std::size_t i = 0; i < count * elementBytes; ++i)
                ASSERT_EQ(planes[i % elementBytes * count + i / elementBytes], bytes[i]);
            for (std::size_t i = count * elementBytes; i < size; ++i) ASSERT_EQ(planes[i], bytes[i]);
            Bytes back(size);
            joinPlanes(planes, elementBytes, back);
            ASSERT_EQ(back, bytes);
        }
    }
}

TEST(PlaneCompressor, EverySizeComesBack) {
    PlaneCompressor compressor;
    for (const std::size_t elementBytes : {1, 2, 4}) {
        for (std::size_t size = 0; size < 150; ++size) {
            expectRoundTrip(compressor, randomBytes(size), elementBytes);
            expectRoundTrip(compressor, Bytes(size, std::byte{7}), elementBytes);
        }
        for (const std::size_t size : {1'000, 65'537, 300'001}) expectRoundTrip(compressor, randomBytes(size), elementBytes);
        for (const int level : {-5, 1, 3, 9}) expectRoundTrip(compressor, numbers(20'000, elementBytes), elementBytes, level);
    }
}

TEST(PlaneCompressor, PlanesMakeNumbersSmaller) {
    PlaneCompressor compressor;
    for (const std::size_t elementBytes : {2, 4}) {
        const Bytes bytes = numbers(100'000, elementBytes);
        const std::size_t planes = frameOf(compressor, bytes, elementBytes).size();
        EXPECT_LT(planes, bytes.size() * 9 / 10);
        EXPECT_LT(planes, frameOf(compressor, bytes, 1).size());
    }
    EXPECT_LT(frameOf(compressor, Bytes(100'000), 2).size(), 100u);
    EXPECT_LT(frameOf(compressor, randomBytes(100'000), 2).size(), 100'100u);
}

TEST(PlaneCompressor, RefusesFramesOfOtherSizes) {
    PlaneCompressor compressor;
    const Bytes frame = frameOf(compressor, numbers(1000, 2), 2);
    for (const std::size_t size : {0, 1, 1999, 2001, 4000}) {
        Bytes bytes(size);
        const auto done = decompressed(compressor, frame, 2, bytes);
        ASSERT_FALSE(done.ok()) << size;
        EXPECT_EQ(done.error().code, ErrorCode::Corrupt);
    }
    Bytes bytes(2001);
    EXPECT_THAT(decompressed(compressor, frame, 2, bytes).error().message, HasSubstr("2000 bytes instead of 2001"));
}

TEST(PlaneCompressor, RefusesWhatIsCutOffOrNoFrame) {
    PlaneCompressor compressor;
    const Bytes frame = frameOf(compressor, numbers(1000, 2), 2);
    Bytes bytes(2000);
    for (std::size_t size = 0; size < frame.size(); ++size)
        ASSERT_FALSE(decompressed(compressor, Bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)), 2, bytes).ok())
            << size;
    Bytes longer = frame;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(decompressed(compressor, longer, 2, bytes).ok());
    for (std::uint64_t seed = 1; seed < 200; ++seed)
        EXPECT_FALSE(decompressed(compressor, randomBytes(seed, seed), 2, bytes).ok());
    EXPECT_TRUE(decompressed(compressor, frame, 2, bytes).ok());
}

// What is damaged may still decompress (a checksum outside notices), but stays within its bounds.
TEST(PlaneCompressor, DamageStaysInside) {
    PlaneCompressor compressor;
    Bytes frame = frameOf(compressor, numbers(2000, 4), 4);
    std::mt19937_64 random(3);
    for (int i = 0; i < 3000; ++i) {
        Bytes broken = frame;
        for (int flips = 0; flips <= i % 3; ++flips) broken[random() % broken.size()] ^= static_cast<std::byte>(1u << (random() % 8));
        Bytes bytes(i % 2 == 0 ? 8000 : random() % 10'000);
        (void)decompressed(compressor, broken, 4, bytes);
    }
}

}  // namespace
}  // namespace larder::base
