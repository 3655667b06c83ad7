// GGUF files that are right: metadata of every kind, tensors of every type, versions, moves, the fixtures.
#include "engine/formats/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "tests/support/fixtures.h"
#include "tests/support/gguf_exercise.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/starter.h"

namespace larder::formats {
namespace {

using support::GgufWriter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::byte> counting(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + 1);
    return bytes;
}

// REQUIRES that it parses.
GgufFile parsed(const std::vector<std::byte>& bytes) {
    auto file = GgufFile::parse(bytes, "memory");
    EXPECT_TRUE(file.ok()) << file.error().message;
    return std::move(file).value();
}

TEST(Gguf, IntegersOfEveryWidthConvertWhenTheyFit) {
    const auto bytes = GgufWriter()
                           .value<std::uint8_t>("u8", 200)
                           .value<std::int8_t>("i8", -100)
                           .value<std::uint16_t>("u16", 60000)
                           .value<std::int16_t>("i16", -30000)
                           .value<std::uint32_t>("u32", 4000000000u)
                           .value<std::int32_t>("i32", -2000000000)
                           .value<std::uint64_t>("u64", std::numeric_limits<std::uint64_t>::max())
                           .value<std::int64_t>("i64", std::numeric_limits<std::int64_t>::min())
                           .value<std::int32_t>("positive", 7)
                           .bytes();
    const GgufFile file = parsed(bytes);
    EXPECT_EQ(file.unsignedValue("u8"), 200u);
    EXPECT_EQ(file.signedValue("u8"), 200);
    EXPECT_EQ(file.signedValue("i8"), -100);
    EXPECT_EQ(file.unsignedValue("i8"), std::nullopt);
    EXPECT_EQ(file.unsignedValue("u16"), 60000u);
    EXPECT_EQ(file.signedValue("i16"), -30000);
    EXPECT_EQ(file.unsignedValue("u32"), 4000000000u);
    EXPECT_EQ(file.signedValue("i32"), -2000000000);
    EXPECT_EQ(file.unsignedValue("u64"), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(file.signedValue("u64"), std::nullopt);
    EXPECT_EQ(file.signedValue("i64"), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(file.unsignedValue("positive"), 7u);
    EXPECT_EQ(file.floatValue("i8"), -100.0);
    EXPECT_EQ(file.floatValue("u64"), 18446744073709551615.0);
}

TEST(Gguf, OtherScalarsAndMissingKeys) {
    const auto bytes = GgufWriter()
                           .value("f32", 1.5f)
                           .value("f64", -2.25)
                           .value("yes", true)
                           .value("no", false)
                           .text("text", "grüße")
                           .text("empty", "")
                           .bytes();
    const GgufFile file = parsed(bytes);
    EXPECT_EQ(file.floatValue("f32"), 1.5);
    EXPECT_EQ(file.floatValue("f64"), -2.25);
    EXPECT_EQ(file.boolValue("yes"), true);
    EXPECT_EQ(file.boolValue("no"), false);
    EXPECT_EQ(file.stringValue("text"), "grüße");
    EXPECT_EQ(file.stringValue("empty"), "");
    EXPECT_THAT(file.keys(), ElementsAre("empty", "f32", "f64", "no", "text", "yes"));
    EXPECT_TRUE(file.has("no"));
    EXPECT_FALSE(file.has("nothing"));
    for (const char* key : {"nothing", "text", "f32"}) {
        EXPECT_EQ(file.unsignedValue(key), std::nullopt) << key;
        EXPECT_EQ(file.signedValue(key), std::nullopt) << key;
        EXPECT_EQ(file.boolValue(key), std::nullopt) << key;
        EXPECT_EQ(file.stringArray(key), std::nullopt) << key;
        EXPECT_EQ(file.floatArray(key), std::nullopt) << key;
        EXPECT_EQ(file.integerArray(key), std::nullopt) << key;
    }
    EXPECT_EQ(file.floatValue("text"), std::nullopt);
    EXPECT_EQ(file.floatValue("yes"), std::nullopt);
    EXPECT_EQ(file.unsignedValue("yes"), std::nullopt);
    EXPECT_EQ(file.stringValue("f32"), std::nullopt);
}

TEST(Gguf, ArraysOfEveryKind) {
    const auto bytes = GgufWriter()
                           .array<std::uint8_t>("u8", {1, 255})
                           .array<std::int16_t>("i16", {-5, 5})
                           .array<std::int32_t>("i32", {})
                           .array<std::uint64_t>("big", {1, ~std::uint64_t{0}})
                           .array<std::int64_t>("i64", {-1, 1})
                           .array<bool>("bools", {true, false})
                           .array<float>("f32", {0.5f, -1.f})
                           .array<double>("f64", {0.25})
                           .texts("texts", {"a", "", std::string("n\0l", 3)})
                           .texts("none", {})
                           .bytes();
    const GgufFile file = parsed(bytes);
    EXPECT_THAT(file.integerArray("u8").value(), ElementsAre(1, 255));
    EXPECT_THAT(file.integerArray("i16").value(), ElementsAre(-5, 5));
    EXPECT_THAT(file.integerArray("i32").value(), ElementsAre());
    EXPECT_EQ(file.integerArray("big"), std::nullopt);
    EXPECT_THAT(file.integerArray("i64").value(), ElementsAre(-1, 1));
    EXPECT_THAT(file.integerArray("bools").value(), ElementsAre(1, 0));
    EXPECT_THAT(file.floatArray("f32").value(), ElementsAre(0.5f, -1.f));
    EXPECT_THAT(file.floatArray("f64").value(), ElementsAre(0.25f));
    EXPECT_THAT(file.stringArray("texts").value(), ElementsAre("a", "", std::string("n\0l", 3)));
    EXPECT_THAT(file.stringArray("none").value(), ElementsAre());
    EXPECT_EQ(file.integerArray("f32"), std::nullopt);
    EXPECT_EQ(file.integerArray("texts"), std::nullopt);
    EXPECT_EQ(file.floatArray("i64"), std::nullopt);
    EXPECT_EQ(file.stringArray("u8"), std::nullopt);
    EXPECT_EQ(file.unsignedValue("u8"), std::nullopt);
    EXPECT_EQ(file.stringValue("texts"), std::nullopt);
}

TEST(Gguf, TensorsOfEveryTypeHaveTheirExactBytes) {
    const GgufType types[] = {GgufType::F32,  GgufType::F16,  GgufType::BF16, GgufType::Q4_0, GgufType::Q4_1,
                              GgufType::Q5_0, GgufType::Q5_1, GgufType::Q8_0, GgufType::Q2_K, GgufType::Q3_K,
                              GgufType::Q4_K, GgufType::Q5_K, GgufType::Q6_K};
    GgufWriter writer;
    for (const GgufType type : types) {
        const GgufTypeTraits& traits = *ggufTypeTraits(type);
        writer.tensor("t." + std::string(traits.name), type, {traits.blockElements * 2, 3, 1, 2},
                      counting(traits.blockBytes * 12));
    }
    const auto bytes = writer.bytes();
    const GgufFile file = parsed(bytes);
    ASSERT_EQ(file.tensors().size(), std::size(types));
    for (const GgufType type : types) {
        const GgufTypeTraits& traits = *ggufTypeTraits(type);
        const GgufTensor* tensor = file.tensor("t." + std::string(traits.name));
        ASSERT_NE(tensor, nullptr) << traits.name;
        EXPECT_EQ(tensor->type, type);
        EXPECT_EQ(tensor->rowElements(), traits.blockElements * 2);
        EXPECT_EQ(tensor->rows(), 6u);
        EXPECT_EQ(tensor->fileOffset % 32, 0u);
        EXPECT_EQ(std::vector<std::byte>(tensor->data.begin(), tensor->data.end()), counting(traits.blockBytes * 12));
        EXPECT_EQ(tensor->data.data(), file.bytes().data() + tensor->fileOffset);
    }
    EXPECT_EQ(file.tensor("t.Q9"), nullptr);
    EXPECT_EQ(ggufTypeTraits(static_cast<GgufType>(99)), nullptr);
}

TEST(Gguf, BothVersionsAndOtherAlignments) {
    for (const std::uint32_t version : {2u, 3u}) {
        for (const std::uint32_t alignment : {8u, 32u, 64u, 4096u}) {
            const auto bytes = GgufWriter()
                                   .version(version)
                                   .alignment(alignment)
                                   .text("after", "x")
                                   .tensor("a", GgufType::F32, {3}, counting(12))
                                   .tensor("b", GgufType::F32, {1, 2}, counting(8))
                                   .bytes();
            const GgufFile file = parsed(bytes);
            EXPECT_EQ(file.tensor("b")->fileOffset % alignment, 0u);
            EXPECT_EQ(file.tensor("b")->data[7], counting(8)[7]);
            EXPECT_EQ(file.stringValue("after"), "x");
        }
    }
}

TEST(Gguf, FilesWithoutTensorsOrMetadataAreFine) {
    EXPECT_TRUE(parsed(GgufWriter().bytes()).tensors().empty());
    // A vocabulary-only file may end without padding.
    auto bytes = GgufWriter().alignment(4096).text("k", "v").bytes();
    bytes.resize(24 + 8 + 17 + 4 + 4 + 8 + 1 + 4 + 8 + 1);
    EXPECT_EQ(parsed(bytes).stringValue("k"), "v");
}

TEST(Gguf, TensorsMayLieInAnyOrderWithGapsAndTrailingBytes) {
    const auto bytes =
        GgufWriter().rawTensor("second", 0, {2}, 96).rawTensor("first", 0, {2}, 0).data(counting(200)).bytes();
    const GgufFile file = parsed(bytes);
    EXPECT_EQ(file.tensor("second")->data[0], counting(97)[96]);
    EXPECT_EQ(file.tensor("first")->data[0], counting(1)[0]);
}

TEST(Gguf, OpenMapsTheFileAndSurvivesMoves) {
    const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "gguf_test_open.gguf";
    const auto bytes = GgufWriter().text("key", "value").tensor("t", GgufType::F32, {2}, counting(8)).bytes();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    auto opened = GgufFile::open(path);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const GgufFile file = std::move(opened).value();
    ASSERT_NE(file.mapping(), nullptr);
    EXPECT_EQ(file.mapping()->path(), path);
    EXPECT_EQ(file.name(), path.string());
    EXPECT_EQ(file.stringValue("key"), "value");
    EXPECT_EQ(file.tensor("t")->data[1], counting(2)[1]);
    std::filesystem::remove(path);
    EXPECT_EQ(GgufFile::open(path).error().code, ErrorCode::NotFound);
    EXPECT_THAT(GgufFile::open(path).error().message, HasSubstr(path.string()));
}

TEST(Gguf, ATokenizerOf200000EntriesIsReadWhole) {
    std::vector<std::string> tokens;
    for (int i = 0; i < 200000; ++i) tokens.push_back("token" + std::to_string(i));
    const auto bytes = GgufWriter().texts("tokenizer.ggml.tokens", tokens).bytes();
    const auto texts = parsed(bytes).stringArray("tokenizer.ggml.tokens").value();
    ASSERT_EQ(texts.size(), tokens.size());
    EXPECT_EQ(texts.back(), "token199999");
}

TEST(Gguf, EveryFixtureOpens) {
    for (const auto names : {std::span<const std::string_view>(support::kFloatFixtures),
                             std::span<const std::string_view>(support::kQuantisedFixtures)}) {
        for (const std::string_view name : names) {
            auto opened = GgufFile::open(support::fixtureModel(name));
            ASSERT_TRUE(opened.ok()) << opened.error().message;
            const GgufFile file = std::move(opened).value();
            const support::Reference reference = support::loadReference(name);
            EXPECT_EQ(file.stringValue("general.architecture"), "llama");
            EXPECT_EQ(file.unsignedValue("llama.vocab_size"), reference.vocabulary);
            EXPECT_EQ(file.tensor("token_embd.weight")->rows(), reference.vocabulary);
            EXPECT_GT(reference.spread(), 2.0);
        }
    }
}

TEST(Gguf, TheStarterOpens) {
    const auto path = support::starterModel();
    if (!path) GTEST_SKIP() << "LARDER_STARTER does not name the starter model";
    auto opened = GgufFile::open(*path);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const GgufFile file = std::move(opened).value();
    EXPECT_EQ(file.tensors().size(), 272u);
    EXPECT_EQ(file.stringArray("tokenizer.ggml.tokens").value().size(), 49152u);
    EXPECT_EQ(file.floatValue("llama.rope.freq_base"), 100000.0);
    EXPECT_NE(support::exerciseGguf(file), 0u);
}

}  // namespace
}  // namespace larder::formats
