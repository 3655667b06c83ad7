// GGUF files that are wrong: each is refused with one Error that names the key or tensor and the numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/formats/gguf.h"
#include "tests/support/fixtures.h"
#include "tests/support/gguf_writer.h"

namespace larder::formats {
namespace {

using support::ByteWriter;
using support::GgufWriter;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::uint64_t kHuge = std::uint64_t{1} << 60;
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
constexpr auto kF32 = static_cast<std::uint32_t>(GgufType::F32);

std::vector<std::byte> bytesOf(std::string_view text) {
    return ByteWriter().raw(text).bytes();
}

// The bytes are copied to a block of exactly their size, so that AddressSanitizer sees one byte too many.
Error refused(const std::vector<std::byte>& bytes) {
    const std::vector<std::byte> exact(bytes.begin(), bytes.end());
    auto file = GgufFile::parse(exact, "name.gguf");
    EXPECT_FALSE(file.ok());
    if (file.ok()) return {ErrorCode::Internal, "(was accepted)"};
    EXPECT_THAT(file.error().message, StartsWith("name.gguf: "));
    EXPECT_TRUE(base::isUtf8(file.error().message));
    return file.error();
}

struct Case {
    const char* what;
    std::vector<std::byte> bytes;
    ErrorCode code;
    std::vector<std::string> words;  // all must be in the message
};

void checkAll(const std::vector<Case>& cases) {
    for (const Case& each : cases) {
        SCOPED_TRACE(each.what);
        const Error error = refused(each.bytes);
        EXPECT_EQ(error.code, each.code) << error.message;
        for (const std::string& word : each.words) EXPECT_THAT(error.message, HasSubstr(word));
    }
}

TEST(GgufRefusal, WhatIsNoGgufFile) {
    std::vector<std::byte> swapped = GgufWriter().bytes();
    std::reverse(swapped.begin() + 4, swapped.begin() + 8);
    checkAll({
        {"empty", {}, ErrorCode::Corrupt, {"empty"}},
        {"one byte", bytesOf("G"), ErrorCode::Corrupt, {"not a GGUF file", "'G'"}},
        {"pointer file",
         bytesOf("version https://git-lfs.github.com/spec/v1\n"),
         ErrorCode::Corrupt,
         {"not a GGUF", "version https"}},
        {"web page", bytesOf("<!DOCTYPE html>\r\n<html>"), ErrorCode::Corrupt, {"<!DOCTYPE html>\\x0d\\x0a"}},
        {"magic only", bytesOf("GGUF"), ErrorCode::Corrupt, {"version", "4"}},
        {"swapped magic", bytesOf("FUGG\3\0\0\0"), ErrorCode::Unsupported, {"big-endian"}},
        {"swapped version", swapped, ErrorCode::Unsupported, {"big-endian"}},
        {"version 0", GgufWriter().version(0).bytes(), ErrorCode::Unsupported, {"version 0"}},
        {"version 1", GgufWriter().version(1).bytes(), ErrorCode::Unsupported, {"version 1"}},
        {"version 4", GgufWriter().version(4).bytes(), ErrorCode::Unsupported, {"version 4"}},
    });
}

TEST(GgufRefusal, CountsBeyondTheFile) {
    checkAll({
        {"keys",
         GgufWriter().text("k", "v").claimKeys(kHuge).bytes(),
         ErrorCode::Corrupt,
         {std::to_string(kHuge), "metadata keys"}},
        {"most keys", GgufWriter().claimKeys(kMost).bytes(), ErrorCode::Corrupt, {std::to_string(kMost)}},
        {"tensors", GgufWriter().claimTensors(kHuge).bytes(), ErrorCode::Corrupt, {std::to_string(kHuge), "tensors"}},
        {"one key too many", GgufWriter().text("k", "v").claimKeys(2).bytes(), ErrorCode::Corrupt, {"key 2 of 2"}},
        {"key name",
         GgufWriter().rawKey("", 0, ByteWriter().number<std::uint8_t>(1)).bytes(),
         ErrorCode::Corrupt,
         {"1 of 1", "empty name"}},
        {"string",
         GgufWriter().rawKey("k", 8, ByteWriter().number(kHuge)).bytes(),
         ErrorCode::Corrupt,
         {"'k'", std::to_string(kHuge)}},
        {"longest string",
         GgufWriter().rawKey("k", 8, ByteWriter().number(kMost)).bytes(),
         ErrorCode::Corrupt,
         {std::to_string(kMost)}},
        {"array of numbers",
         GgufWriter().rawKey("k", 9, GgufWriter::arrayHead(4, kHuge)).bytes(),
         ErrorCode::Corrupt,
         {"'k'", std::to_string(kHuge)}},
        {"array that overflows",
         GgufWriter().rawKey("k", 9, GgufWriter::arrayHead(12, (kMost >> 3) + 2)).bytes(),
         ErrorCode::Corrupt,
         {"'k'"}},
        {"array of strings",
         GgufWriter().rawKey("k", 9, GgufWriter::arrayHead(8, kHuge)).bytes(),
         ErrorCode::Corrupt,
         {"'k'", std::to_string(kHuge)}},
        {"string in an array",
         GgufWriter().rawKey("k", 9, GgufWriter::arrayHead(8, 2).string("ok").number(kHuge)).bytes(),
         ErrorCode::Corrupt,
         {"'k'", "element 1 of 2", std::to_string(kHuge)}},
    });
}

TEST(GgufRefusal, ManyTinyKeysOrTensorsCostNoMemory) {
    ByteWriter keys;
    keys.raw("GGUF").number<std::uint32_t>(3).number<std::uint64_t>(0).number<std::uint64_t>(1'000'000);
    for (std::uint32_t i = 0; i < 1'000'000; ++i)
        keys.number<std::uint64_t>(4).number(i).number<std::uint32_t>(7).number<std::uint8_t>(0);
    EXPECT_THAT(refused(keys.bytes()).message, AllOf(HasSubstr("1000000 metadata keys"), HasSubstr("65536")));

    GgufWriter tensors;
    for (int i = 0; i < 70'000; ++i) tensors.rawTensor(std::to_string(i), kF32, {1}, 0);
    EXPECT_THAT(refused(tensors.bytes()).message, AllOf(HasSubstr("70000 tensors"), HasSubstr("65536")));
}

TEST(GgufRefusal, MetadataThatMakesNoSense) {
    const ByteWriter one = ByteWriter().number<std::uint8_t>(1);
    checkAll({
        {"twice", GgufWriter().text("same", "a").value("same", 1.f).bytes(), ErrorCode::Corrupt, {"'same'", "twice"}},
        {"unknown kind", GgufWriter().rawKey("k", 13, one).bytes(), ErrorCode::Corrupt, {"'k'", "kind 13"}},
        {"far kind", GgufWriter().rawKey("k", 0xffffffff, one).bytes(), ErrorCode::Corrupt, {"'k'", "4294967295"}},
        {"unknown element kind",
         GgufWriter().rawKey("k", 9, GgufWriter::arrayHead(77, 0)).bytes(),
         ErrorCode::Corrupt,
         {"'k'", "kind 77"}},
        {"nested",
         GgufWriter().rawKey("k", 9, GgufWriter::arrayHead(9, 1).bytes(GgufWriter::arrayHead(0, 0).bytes())).bytes(),
         ErrorCode::Unsupported,
         {"'k'", "array of arrays"}},
        {"truth",
         GgufWriter().rawKey("k", 7, ByteWriter().number<std::uint8_t>(2)).bytes(),
         ErrorCode::Corrupt,
         {"'k'", "truth value 2"}},
        {"truths",
         GgufWriter().rawKey("k", 9, GgufWriter::arrayHead(7, 2).raw("\1\7")).bytes(),
         ErrorCode::Corrupt,
         {"'k'", "truth value 7"}},
        {"long name",
         GgufWriter().value(std::string(70'000, 'k'), 1.f).bytes(),
         ErrorCode::Corrupt,
         {"'kkkk", "...'", "70000 bytes"}},
    });
}

TEST(GgufRefusal, AlignmentsThatAreNone) {
    for (const std::uint32_t alignment : {0u, 1u, 4u, 7u, 24u, 33u, 1u << 21, 1u << 31, 0xffffffffu}) {
        const Error error = refused(GgufWriter().value("general.alignment", alignment).bytes());
        EXPECT_EQ(error.code, ErrorCode::Corrupt);
        EXPECT_THAT(error.message, AllOf(HasSubstr("general.alignment"), HasSubstr(std::to_string(alignment))));
    }
    EXPECT_THAT(refused(GgufWriter().text("general.alignment", "32").bytes()).message, HasSubstr("general.alignment"));
    EXPECT_THAT(refused(GgufWriter().value("general.alignment", -32).bytes()).message, HasSubstr("general.alignment"));
    EXPECT_THAT(refused(GgufWriter().value("general.alignment", std::uint64_t{1} << 63).bytes()).message,
                HasSubstr("9223372036854775808"));
}

TEST(GgufRefusal, TensorsThatMakeNoSense) {
    const std::vector<std::byte> data(4096);
    const auto entry = [&](std::uint32_t type, const std::vector<std::uint64_t>& shape, std::uint64_t offset) {
        return GgufWriter().rawTensor("t", type, shape, offset).data(data).bytes();
    };
    checkAll({
        {"no name",
         GgufWriter().rawTensor("", kF32, {1}, 0).data(data).bytes(),
         ErrorCode::Corrupt,
         {"tensor 1 of 1", "empty name"}},
        {"twice",
         GgufWriter().rawTensor("t", kF32, {1}, 0).rawTensor("t", kF32, {1}, 32).data(data).bytes(),
         ErrorCode::Corrupt,
         {"'t'", "twice"}},
        {"no dimensions", entry(kF32, {}, 0), ErrorCode::Corrupt, {"'t'", "0 dimensions"}},
        {"5 dimensions", entry(kF32, {1, 1, 1, 1, 1}, 0), ErrorCode::Corrupt, {"'t'", "5 dimensions"}},
        {"zero", entry(kF32, {4, 0, 2}, 0), ErrorCode::Corrupt, {"'t'", "[4, 0, 2]", "zero"}},
        {"zero row", entry(2, {0}, 0), ErrorCode::Corrupt, {"'t'", "[0]"}},
        {"unknown type", entry(99, {32}, 0), ErrorCode::Unsupported, {"'t'", "unknown (99)"}},
        {"known type", entry(23, {256}, 0), ErrorCode::Unsupported, {"'t'", "IQ4_XS (23)"}},
        {"far type", entry(0xffffffff, {256}, 0), ErrorCode::Unsupported, {"'t'", "4294967295"}},
        {"half a block", entry(3, {48, 2}, 0), ErrorCode::Corrupt, {"'t'", "48", "32", "Q4_1"}},
        {"huge", entry(kF32, {kHuge}, 0), ErrorCode::Corrupt, {"'t'", std::to_string(kHuge), "F32"}},
        {"size overflows to 4", entry(kF32, {kMost / 4 + 2}, 0), ErrorCode::Corrupt, {"'t'"}},
        {"product overflows to 0",
         entry(kF32, {1ull << 16, 1ull << 16, 1ull << 16, 1ull << 16}, 0),
         ErrorCode::Corrupt,
         {"'t'", "[65536, 65536"}},
        {"product overflows to 1", entry(kF32, {kMost, kMost}, 0), ErrorCode::Corrupt, {"'t'"}},
        {"past the end", entry(kF32, {1025}, 0), ErrorCode::Corrupt, {"'t'", "4100 bytes", "4096"}},
        {"starts past the end", entry(kF32, {1}, 4096), ErrorCode::Corrupt, {"'t'", "offset 4096"}},
        {"far offset", entry(kF32, {1}, kMost - 31), ErrorCode::Corrupt, {"'t'", std::to_string(kMost - 31)}},
        {"misaligned", entry(kF32, {1}, 4), ErrorCode::Corrupt, {"'t'", "offset 4,", "alignment 32"}},
        {"no data", GgufWriter().rawTensor("t", kF32, {1}, 0).bytes(), ErrorCode::Corrupt, {"'t'", "only 0"}},
        {"same place",
         GgufWriter().rawTensor("a", kF32, {1}, 64).rawTensor("b", kF32, {1}, 64).data(data).bytes(),
         ErrorCode::Corrupt,
         {"'a'", "'b'"}},
        {"overlap",
         GgufWriter().rawTensor("b", kF32, {4}, 64).rawTensor("a", kF32, {17}, 0).data(data).bytes(),
         ErrorCode::Corrupt,
         {"'b'", "inside tensor 'a'"}},
    });
}

TEST(GgufRefusal, NamesInMessagesAreShownSafely) {
    const auto message = [](std::string_view key) {
        return refused(GgufWriter().rawKey(key, 99, ByteWriter().number<std::uint8_t>(0)).bytes()).message;
    };
    EXPECT_THAT(message("gr\xc3\xbc\xc3\x9f"), HasSubstr("'gr\xc3\xbc\xc3\x9f'"));
    EXPECT_THAT(message("a\xff\xc3"), HasSubstr("'a\\xff\\xc3'"));
    EXPECT_THAT(message("\x1b[2J\n"), HasSubstr("'\\x1b[2J\\x0a'"));
    EXPECT_THAT(message("\xe2\x80\xaetxt"), HasSubstr("'\\xe2\\x80\\xaetxt'"));
    EXPECT_THAT(message(std::string_view("a\0b", 3)), HasSubstr("'a\\x00b'"));
    EXPECT_LT(message(std::string(60'000, '\x01')).size(), 300u);
}

TEST(GgufRefusal, FoldersAndMissingFiles) {
    EXPECT_FALSE(GgufFile::open(support::fixturesFolder()).ok());
    const auto missing = GgufFile::open(support::fixturesFolder() / "no such model.gguf");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace larder::formats
