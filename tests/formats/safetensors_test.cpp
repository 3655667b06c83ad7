#include "engine/formats/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/base/utf8.h"

namespace larder::formats {
namespace {

using testing::HasSubstr;

std::string withLength(const std::string& json, std::uint64_t length) {
    std::string text(8, '\0');
    for (int i = 0; i < 8; ++i) text[static_cast<std::size_t>(i)] = static_cast<char>(length >> (8 * i) & 0xFF);
    return text + json;
}

// A file with this header and so many bytes of data, copied to a block of exactly its size for AddressSanitizer.
Expected<SafeTensorsHeader> read(const std::string& header, std::uint64_t dataBytes = 0) {
    const auto* first = reinterpret_cast<const std::byte*>(header.data());
    const std::vector<std::byte> exact(first, first + header.size());
    return readSafeTensorsHeader(exact, header.size() + dataBytes);
}

Expected<SafeTensorsHeader> readJson(const std::string& json, std::uint64_t dataBytes = 0) {
    return read(withLength(json, json.size()), dataBytes);
}

std::string refused(const Expected<SafeTensorsHeader>& header) {
    EXPECT_FALSE(header.ok());
    if (header.ok()) return "(was accepted)";
    EXPECT_EQ(header.error().code, ErrorCode::Corrupt);
    EXPECT_TRUE(base::isUtf8(header.error().message));
    return header.error().message;
}

SafeTensorsHeader example() {
    SafeTensorsHeader header;
    header.metadata = {{"format", "larder \"kv\""}, {"a", ""}, {"ключ", "\n\\"}};
    header.tensors = {{"tokens", "I32", {64}, 0, 256}, {"none", "F16", {3, 0}, 256, 256}, {"one", "F64", {}, 256, 264},
                      {"group_0", "BF16", {2, 5, 7}, 264, 404}};
    return header;
}

TEST(SafeTensors, ComesBackAsWritten) {
    for (const std::size_t headerBytes : {0, 1024, 4096}) {
        const std::string text = writeSafeTensorsHeader(example(), headerBytes);
        EXPECT_EQ(text.size() % 8, 0u);
        EXPECT_TRUE(headerBytes == 0 || text.size() == headerBytes);
        const auto needed = safeTensorsHeaderBytes(std::as_bytes(std::span(text)).first(8), text.size());
        ASSERT_TRUE(needed.ok());
        EXPECT_EQ(*needed, text.size());
        const auto header = read(text, 404);
        ASSERT_TRUE(header.ok()) << header.error().message;
        EXPECT_EQ(header->dataOffset, text.size());
        EXPECT_EQ(header->metadata, example().metadata);
        ASSERT_EQ(header->tensors.size(), 4u);
        for (std::size_t i = 0; i < 4; ++i) {
            EXPECT_EQ(header->tensors[i].name, example().tensors[i].name);
            EXPECT_EQ(header->tensors[i].type, example().tensors[i].type);
            EXPECT_EQ(header->tensors[i].shape, example().tensors[i].shape);
            EXPECT_EQ(header->tensors[i].firstByte, example().tensors[i].firstByte);
            EXPECT_EQ(header->tensors[i].lastByte, example().tensors[i].lastByte);
        }
        EXPECT_EQ(header->tensor("one")->lastByte, 264u);
        EXPECT_EQ(header->tensor("two"), nullptr);
        EXPECT_EQ(*header->meta("a"), "");
        EXPECT_EQ(header->meta("b"), nullptr);
    }
}

TEST(SafeTensors, IsWrittenAsTheFormatSays) {
    SafeTensorsHeader header;
    header.metadata = {{"format", "pt"}};
    header.tensors = {{"a", "U8", {2, 3}, 0, 6}};
    const std::string json = R"({"__metadata__":{"format":"pt"},"a":{"dtype":"U8","shape":[2,3],"data_offsets":[0,6]}})";
    EXPECT_EQ(json.size() % 8, 6u);
    EXPECT_EQ(writeSafeTensorsHeader(header), withLength(json + "  ", json.size() + 2));
    EXPECT_EQ(writeSafeTensorsHeader({}), withLength("{}      ", 8));
    EXPECT_TRUE(read(writeSafeTensorsHeader({})).ok());
}

TEST(SafeTensors, TensorsComeInTheOrderOfTheirBytes) {
    const auto header = readJson(R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]},)"
                                 R"("a":{"data_offsets":[0,2],"dtype":"U8","shape":[2]},"e":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})", 6);
    ASSERT_TRUE(header.ok()) << header.error().message;
    EXPECT_EQ(header->tensors[0].name, "a");
    EXPECT_EQ(header->tensors[1].name, "e");
    EXPECT_EQ(header->tensors[2].name, "b");
}

TEST(SafeTensors, KnowsEveryType) {
    for (const auto& [type, bytes] : std::vector<std::pair<std::string, int>>{
             {"BOOL", 1}, {"U8", 1}, {"I8", 1}, {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"U16", 2}, {"I16", 2}, {"F16", 2},
             {"BF16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4}, {"U64", 8}, {"I64", 8}, {"F64", 8}}) {
        const std::string json = R"({"a":{"dtype":")" + type + R"(","shape":[3],"data_offsets":[0,)" + std::to_string(3 * bytes) + "]}}";
        EXPECT_TRUE(readJson(json, static_cast<std::uint64_t>(3 * bytes)).ok()) << type;
        EXPECT_FALSE(readJson(json, static_cast<std::uint64_t>(3 * bytes + 1)).ok()) << type;
    }
    EXPECT_THAT(refused(readJson(R"({"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,2]}})", 2)), HasSubstr("unknown type 'Q4'"));
}

TEST(SafeTensors, RefusesLengthsThatCannotBe) {
    EXPECT_THAT(refused(read("")), HasSubstr("only 0 bytes"));
    EXPECT_THAT(refused(read("1234567")), HasSubstr("only 7 bytes"));
    EXPECT_THAT(refused(read(withLength("{}", 0))), HasSubstr("0 bytes"));
    EXPECT_THAT(refused(read(withLength("{}", 1))), HasSubstr("1 bytes"));
    EXPECT_THAT(refused(read(withLength("{}", 3))), HasSubstr("3 bytes"));
    EXPECT_THAT(refused(read(withLength("{}", 3), 100)), HasSubstr("3 bytes"));
    EXPECT_THAT(refused(read(withLength("{}", UINT64_MAX))), HasSubstr("18446744073709551615"));
    EXPECT_THAT(refused(read(withLength("{}", UINT64_MAX - 7))), HasSubstr("18446744073709551608"));
    const std::string ok = withLength("{}", 2);
    EXPECT_FALSE(readSafeTensorsHeader(std::as_bytes(std::span(ok)), 9).ok()) << "the file is shorter than what was read";
    EXPECT_FALSE(safeTensorsHeaderBytes(std::as_bytes(std::span(ok)), 9).ok());
    EXPECT_FALSE(safeTensorsHeaderBytes(std::as_bytes(std::span(ok)), 0).ok());
    EXPECT_TRUE(safeTensorsHeaderBytes(std::as_bytes(std::span(ok)), 10).ok());
}

TEST(SafeTensors, RefusesBadJson) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {R"( {})", "begin with {"},
        {R"([1])", "begin with {"},
        {R"({"a":})", "not valid"},
        {R"({}x)", "not valid"},
        {std::string("{}\0", 3), "not valid"},
        {"{\"\xff\":1}", "not valid"},
        {R"({"a":1})", "'a' is not an object"},
        {R"({"__metadata__":[]})", "__metadata__ is not an object"},
        {R"({"__metadata__":{"k":1}})", "'k' is no text"},
        {R"({"__metadata__":{},"__metadata__":{}})", "same key twice"},
        {R"({"__metadata__":{"k":"a","k":"b"}})", "same key twice"},
        {R"({"a":[[[[]]]]})", "levels deep"},
        {"{\"a\":" + std::string(100'000, '['), "levels deep"},
        {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "same key twice"},
        {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"shape":[2]}})", "same key twice"},
    };
    for (const auto& [json, words] : cases) EXPECT_THAT(refused(readJson(json, 2)), HasSubstr(words)) << json.substr(0, 80);
}

TEST(SafeTensors, RefusesTensorsThatMakeNoSense) {
    const auto tensor = [](const std::string& fields) { return "{\"a\":{" + fields + "}}"; };
    const std::vector<std::pair<std::string, std::string>> cases = {
        {tensor(R"("dtype":"U8","shape":[2])"), "lacks"},
        {tensor(R"("dtype":"U8","data_offsets":[0,2])"), "lacks"},
        {tensor(R"("shape":[2],"data_offsets":[0,2])"), "lacks"},
        {tensor(R"("dtype":8,"shape":[2],"data_offsets":[0,2])"), "dtype"},
        {tensor(R"("dtype":"U8","shape":2,"data_offsets":[0,2])"), "shape"},
        {tensor(R"("dtype":"U8","shape":[-2],"data_offsets":[0,2])"), "shape"},
        {tensor(R"("dtype":"U8","shape":[2.0],"data_offsets":[0,2])"), "shape"},
        {tensor(R"("dtype":"U8","shape":["2"],"data_offsets":[0,2])"), "shape"},
        {tensor(R"("dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,2])"), "shape"},
        {tensor(R"("dtype":"U8","shape":[2],"data_offsets":[0])"), "two natural numbers"},
        {tensor(R"("dtype":"U8","shape":[2],"data_offsets":[0,1,2])"), "two natural numbers"},
        {tensor(R"("dtype":"U8","shape":[2],"data_offsets":[0,2],"more":1)"), "unknown field 'more'"},
        {tensor(R"("dtype":"U8","shape":[3],"data_offsets":[0,2])"), "3 bytes by shape"},
        {tensor(R"("dtype":"F16","shape":[2],"data_offsets":[0,2])"), "4 bytes by shape"},
        {tensor(R"("dtype":"U8","shape":[2],"data_offsets":[2,0])"), "says [2, 0)"},
        {tensor(R"("dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0])"), "can be counted"},
        {tensor(R"("dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0])"), "can be counted"},
        {tensor(R"("dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615])"), "the file has 2"},
        {tensor(R"("dtype":"U8","shape":[1],"data_offsets":[0,1])"), "take 1 bytes, and the file has 2"},
        {tensor(R"("dtype":"U8","shape":[3],"data_offsets":[0,3])"), "take 3 bytes, and the file has 2"},
        {tensor(R"("dtype":"U8","shape":[1],"data_offsets":[1,2])"), "after a gap from 0"},
        {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "within another"},
        {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}})", "within another"},
        {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})", "gap"},
        {"{}", "take 0 bytes, and the file has 2"},
    };
    for (const auto& [json, words] : cases) EXPECT_THAT(refused(readJson(json, 2)), HasSubstr(words)) << json;
    EXPECT_TRUE(readJson(tensor(R"("dtype":"U8","shape":[18446744073709551615,18446744073709551615,0],"data_offsets":[0,0])")).ok());
    const std::string longName(200, 'n');
    EXPECT_LT(refused(readJson("{\"" + longName + "\":1}")).size(), 150u);
}

TEST(SafeTensors, DamageIsRefusedOrHarmless) {
    const std::string good = writeSafeTensorsHeader(example(), 1024);
    std::mt19937_64 random(1);
    for (int i = 0; i < 5000; ++i) {
        std::string bad = good;
        for (int flips = 0; flips <= i % 4; ++flips) bad[random() % 420] ^= static_cast<char>(1u << (random() % 8));
        const auto header = read(bad, 404);
        if (!header.ok()) continue;
        std::uint64_t end = 0;
        for (const SafeTensor& tensor : header->tensors) {
            ASSERT_EQ(tensor.firstByte, end);
            ASSERT_GE(tensor.lastByte, tensor.firstByte);
            end = tensor.lastByte;
        }
        ASSERT_EQ(header->dataOffset + end, 1024u + 404u);
    }
    for (std::size_t size = 0; size < good.size(); ++size) ASSERT_FALSE(read(good.substr(0, size), 404).ok());
}

}  // namespace
}  // namespace larder::formats
