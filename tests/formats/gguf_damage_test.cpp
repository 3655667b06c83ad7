// GGUF files that were damaged: cut anywhere, bytes changed. They are refused, or what is left of them can be read.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "engine/formats/gguf.h"
#include "tests/support/gguf_exercise.h"
#include "tests/support/gguf_writer.h"

namespace larder::formats {
namespace {

using support::GgufWriter;

// Small, but with every kind of value, arrays and tensors of blocks; the last tensor ends where the file ends.
std::vector<std::byte> sample(std::uint32_t version) {
    return GgufWriter()
        .version(version)
        .text("general.architecture", "llama")
        .value("llama.block_count", 2u)
        .value("f", 1e-5f)
        .value("b", true)
        .value<std::int8_t>("i8", -1)
        .value<std::uint64_t>("u64", 1u << 31)
        .value("d", 0.5)
        .texts("tokens", {"a", "\xc4\xa0the", "", "<|im_end|>"})
        .array<std::int32_t>("types", {1, 1, 1, 3})
        .array<bool>("flags", {true, false})
        .array<float>("scores", {0.f, -1.f})
        .tensor("token_embd.weight", GgufType::Q8_0, {32, 4}, std::vector<std::byte>(136, std::byte{5}))
        .tensor("norm.weight", GgufType::F32, {32}, std::vector<std::byte>(128, std::byte{6}))
        .tensor("q.weight", GgufType::Q4_1, {32, 2}, std::vector<std::byte>(40, std::byte{7}))
        .bytes();
}

TEST(GgufDamage, TruncatedAnywhereIsRefused) {
    for (const std::uint32_t version : {2u, 3u}) {
        const auto whole = sample(version);
        ASSERT_TRUE(GgufFile::parse(whole, "whole").ok());
        for (std::size_t size = 0; size < whole.size(); ++size) {
            // Copied to a block of exactly this size, so that AddressSanitizer sees one byte too many.
            const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            const auto file = GgufFile::parse(part, "part");
            ASSERT_FALSE(file.ok()) << size;
            const Error& error = file.error();
            ASSERT_EQ(error.code, ErrorCode::Corrupt) << size << ": " << error.message;
            ASSERT_LT(error.message.size(), 400u);
        }
    }
}

TEST(GgufDamage, EveryByteSetToExtremesIsReadOrRefused) {
    const auto whole = sample(3);
    std::size_t readable = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const unsigned value : {0x00u, 0x01u, 0x7fu, 0x80u, 0xffu}) {
            std::vector<std::byte> damaged = whole;
            damaged[at] = static_cast<std::byte>(value);
            const auto file = GgufFile::parse(damaged, "damaged");
            if (file.ok())
                readable += support::exerciseGguf(*file) != 0;
            else
                ASSERT_FALSE(file.error().message.empty());
        }
    }
    EXPECT_GT(readable, 0u);  // tensor data and texts may hold anything
}

TEST(GgufDamage, RandomFlipsAreReadOrRefused) {
    const auto whole = sample(2);
    std::mt19937 random(20240117);
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::byte> damaged = whole;
        const unsigned flips = 1 + random() % 8;
        for (unsigned i = 0; i < flips; ++i)
            damaged[random() % damaged.size()] ^= static_cast<std::byte>(1u << random() % 8);
        if (random() % 4 == 0) damaged.resize(random() % damaged.size());
        const auto file = GgufFile::parse(damaged, "damaged");
        if (file.ok())
            ASSERT_NE(support::exerciseGguf(*file), 0u);
        else
            ASSERT_FALSE(file.error().message.empty());
    }
}

}  // namespace
}  // namespace larder::formats
