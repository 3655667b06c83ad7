#include "engine/base/utf8.h"

#include <gtest/gtest.h>

#include <vector>

namespace larder::base {
namespace {

// An independent way to encode and to judge: straight from the definition (RFC 3629), by enumeration.
std::string encodeByDefinition(char32_t value) {
    if (value < 0x80) return {static_cast<char>(value)};
    std::string tail;
    char32_t rest = value;
    std::size_t length = value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
    for (std::size_t i = 1; i < length; ++i, rest /= 64) tail.insert(tail.begin(), static_cast<char>(0x80 + rest % 64));
    const unsigned marker = length == 2 ? 0xc0 : length == 3 ? 0xe0 : 0xf0;
    return std::string(1, static_cast<char>(marker + rest)) + tail;
}

bool isScalar(char32_t value) { return value <= 0x10ffff && (value < 0xd800 || value > 0xdfff); }

TEST(Utf8, EveryCodePointGoesThereAndBack) {
    for (char32_t value = 0; value <= 0x10ffff; ++value) {
        if (!isScalar(value)) continue;
        std::string text;
        appendUtf8(text, value);
        ASSERT_EQ(text, encodeByDefinition(value)) << std::hex << static_cast<unsigned>(value);
        const CodePoint point = decodeUtf8(text, 0);
        ASSERT_TRUE(point.valid);
        ASSERT_EQ(point.value, value);
        ASSERT_EQ(point.bytes, text.size());
    }
}

TEST(Utf8, SurrogatesAndTooLargeValuesBecomeTheReplacement) {
    for (const char32_t value : {0xd800u, 0xdbffu, 0xdc00u, 0xdfffu, 0x110000u, 0xffffffffu}) {
        std::string text;
        appendUtf8(text, value);
        EXPECT_EQ(text, "\xef\xbf\xbd");
    }
}

// All three-byte texts over bytes at the borders of every range, against the definition: is there a way to read a code
// point at 0?
TEST(Utf8, DecodesExactlyWhatTheDefinitionAllows) {
    std::vector<unsigned char> bytes;
    for (const int border : {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
                             0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff})
        bytes.push_back(static_cast<unsigned char>(border));
    for (const auto a : bytes)
        for (const auto b : bytes)
            for (const auto c : bytes)
                for (const auto d : bytes) {
                    const std::string text{static_cast<char>(a), static_cast<char>(b), static_cast<char>(c), static_cast<char>(d)};
                    const char32_t candidates[] = {a, (a & 31u) << 6 | (b & 63u), (a & 15u) << 12 | (b & 63u) << 6 | (c & 63u),
                                                   (a & 7u) << 18 | (b & 63u) << 12 | (c & 63u) << 6 | (d & 63u)};
                    std::size_t length = 0;
                    for (std::size_t n = 1; n <= 4; ++n)
                        if (isScalar(candidates[n - 1]) && encodeByDefinition(candidates[n - 1]) == text.substr(0, n)) length = n;
                    const CodePoint point = decodeUtf8(text, 0);
                    ASSERT_EQ(point.valid, length > 0);
                    ASSERT_EQ(point.bytes, length > 0 ? length : 1);
                    ASSERT_EQ(point.value, length > 0 ? candidates[length - 1] : char32_t{0xfffd});
                }
}

TEST(Utf8, EndOfTextIsNotACodePoint) {
    EXPECT_EQ(decodeUtf8("", 0).bytes, 0u);
    EXPECT_EQ(decodeUtf8("a", 1).bytes, 0u);
    EXPECT_EQ(decodeUtf8("a", 9).bytes, 0u);
    EXPECT_FALSE(decodeUtf8("\xf0\x9f\x98", 0).valid);
}

TEST(Utf8, Checks) {
    EXPECT_TRUE(isUtf8(""));
    EXPECT_TRUE(isUtf8(std::string_view("a\0b", 3)));
    EXPECT_TRUE(isUtf8("Grüße 日本語 😀"));
    EXPECT_FALSE(isUtf8("\xc0\x80"));          // overlong
    EXPECT_FALSE(isUtf8("\xed\xa0\x80"));      // surrogate
    EXPECT_FALSE(isUtf8("\xf4\x90\x80\x80"));  // over U+10FFFF
    EXPECT_FALSE(isUtf8("a\xe2\x82"));         // cut
}

// The suffix is what can still become a code point: some continuation makes it valid, and nothing shorter is missing.
TEST(Utf8, FindsWhatIsIncompleteAtTheEnd) {
    for (const char32_t value : {0x41u, 0x7ffu, 0x800u, 0xd7ffu, 0xe000u, 0xffffu, 0x10000u, 0x10ffffu, 0x1f600u}) {
        const std::string whole = encodeByDefinition(value);
        for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
            const std::size_t expected = cut == whole.size() ? 0 : cut;
            EXPECT_EQ(incompleteUtf8Suffix("x" + whole.substr(0, cut)), expected);
            EXPECT_EQ(incompleteUtf8Suffix(whole.substr(0, cut)), expected);
            EXPECT_EQ(incompleteUtf8Suffix("😀" + whole.substr(0, cut)), expected);
        }
    }
    EXPECT_EQ(incompleteUtf8Suffix(""), 0u);
    EXPECT_EQ(incompleteUtf8Suffix("\x80\x80"), 0u);      // continuations of nothing
    EXPECT_EQ(incompleteUtf8Suffix("\xe0\x80"), 0u);      // overlong: never valid
    EXPECT_EQ(incompleteUtf8Suffix("\xed\xa0"), 0u);      // surrogate: never valid
    EXPECT_EQ(incompleteUtf8Suffix("\xf4\x90"), 0u);      // over U+10FFFF: never valid
    EXPECT_EQ(incompleteUtf8Suffix("\xc1"), 0u);
    EXPECT_EQ(incompleteUtf8Suffix("\xff"), 0u);
    EXPECT_EQ(incompleteUtf8Suffix("\xf0\x9f\x98"), 3u);
    EXPECT_EQ(incompleteUtf8Suffix("\xe2\x82\xac\xf0"), 1u);
    EXPECT_EQ(incompleteUtf8Suffix("\xf0\x90\x80\x80\x80"), 0u);
}

TEST(Utf8, RepairsByteByByte) {
    EXPECT_EQ(repairUtf8("a\xff" "b"), "a\xef\xbf\xbd" "b");
    EXPECT_EQ(repairUtf8("\xf0\x9f\x98"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(repairUtf8("Grüße 😀"), "Grüße 😀");
    EXPECT_EQ(repairUtf8(""), "");
}

}  // namespace
}  // namespace larder::base
