#include "engine/text/pretokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace larder::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::unique_ptr<Pretokenizer> named(std::string_view name) {
    auto pretokenizer = Pretokenizer::create(name);
    EXPECT_TRUE(pretokenizer.ok());
    return std::move(pretokenizer).value();
}

constexpr const char* kNames[] = {"gpt2", "smollm", "llama-bpe", "qwen2", "smaug-bpe"};

TEST(Pretokenizer, Gpt2) {
    const auto gpt2 = named("gpt2");
    EXPECT_THAT(gpt2->split("It's 1234 o'clock!!  x"),
                ElementsAre("It", "'s", " 1234", " o", "'", "clock", "!!", " ", " x"));
    EXPECT_THAT(gpt2->split("IT'S\n\n a\t"), ElementsAre("IT", "'", "S", "\n\n", " a", "\t"));
    EXPECT_THAT(gpt2->split("   "), ElementsAre("   "));
    EXPECT_THAT(gpt2->split(""), IsEmpty());
    EXPECT_FALSE(gpt2->ignoresMerges());
}

TEST(Pretokenizer, SmollmCutsEveryDigitOutFirst) {
    const auto smollm = named("smollm");
    EXPECT_THAT(smollm->split("a 12  3b"), ElementsAre("a", " ", "1", "2", "  ", "3", "b"));
    EXPECT_THAT(smollm->split("x\u00b2\u2167 y"), ElementsAre("x", "\u00b2", "\u2167", " y"));
    EXPECT_THAT(smollm->split("   1   a"), ElementsAre("   ", "1", "  ", " a"));
}

TEST(Pretokenizer, LlamaAndQwenDifferInDigits) {
    EXPECT_THAT(named("llama-bpe")->split("12345 x"), ElementsAre("123", "45", " x"));
    EXPECT_THAT(named("qwen2")->split("123 x"), ElementsAre("1", "2", "3", " x"));
    for (const char* name : {"llama-bpe", "qwen2"}) {
        EXPECT_THAT(named(name)->split("IT'S a.b!\r\n\n  c\n  "),
                    ElementsAre("IT", "'S", " a", ".b", "!\r\n\n", " ", " c", "\n", "  "));
    }
    EXPECT_TRUE(named("llama-bpe")->ignoresMerges());
    EXPECT_TRUE(named("llama3")->ignoresMerges());
    EXPECT_FALSE(named("smaug-bpe")->ignoresMerges());
    EXPECT_FALSE(named("qwen2")->ignoresMerges());
}

// PCRE2's own \s has U+180E; Unicode's White_Space and the engines the vocabularies were made with do not.
TEST(Pretokenizer, BlanksAreUnicodeWhiteSpace) {
    for (const char* name : kNames) {
        EXPECT_THAT(named(name)->split("!\u180e!"), ElementsAre("!\u180e!")) << name;
        EXPECT_THAT(named(name)->split("!\u0085\u2003"), ElementsAre("!", "\u0085\u2003")) << name;
    }
}

TEST(Pretokenizer, PiecesAreTheWholeText) {
    std::mt19937 random(5);
    const std::vector<std::string> parts = {
        "a",          "Z",      " ",      "  ",   "\n",   "\r\n",     "\t",
        "1",          "23",     "'s",     "'LL",  "!",    "\u00e9",   "\u4e2d",
        "\U0001f600", "\u0301", "\u00a0", "\xff", "\xc3", "\xe2\x82", std::string(1, '\0'),
        "\u0663",     "\u180e"};
    for (const char* name : kNames) {
        const auto pretokenizer = named(name);
        for (int i = 0; i < 500; ++i) {
            std::string text;
            for (std::size_t n = random() % 30; n > 0; --n) text += parts[random() % parts.size()];
            std::string joined;
            for (const std::string_view piece : pretokenizer->split(text)) {
                ASSERT_FALSE(piece.empty());
                joined += piece;
            }
            ASSERT_EQ(joined, text);
        }
    }
}

TEST(Pretokenizer, BytesThatAreNotUtf8AreTheirOwnPieces) {
    EXPECT_THAT(named("gpt2")->split("ab\xff\xfe"
                                     "c\xe2\x82"),
                ElementsAre("ab", "\xff", "\xfe", "c", "\xe2", "\x82"));
    EXPECT_THAT(named("llama-bpe")->split("\xed\xa0\x80"), ElementsAre("\xed", "\xa0", "\x80"));  // a surrogate
}

// Long runs of one thing neither fail (stack and match limits) nor take more than linear time.
TEST(Pretokenizer, LongRuns) {
    constexpr std::size_t kBytes = 10'000'000;
    const std::vector<std::string> units = {" ",      "a",          "\n",  "!",      "1",
                                            "\u4e2d", "\U0001f600", "\t ", "\u3000", "\u0301"};
    for (const char* name : {"gpt2", "smollm", "llama-bpe"}) {
        const auto pretokenizer = named(name);
        for (const std::string& unit : units) {
            std::string text;
            while (text.size() < kBytes / 10) text += unit;
            for (const char* end : {"", "x", "\n"}) {
                text += end;
                std::size_t bytes = 0;
                for (const std::string_view piece : pretokenizer->split(text)) bytes += piece.size();
                EXPECT_EQ(bytes, text.size());
            }
        }
    }
    const std::string letters(kBytes, 'a');
    EXPECT_THAT(named("gpt2")->split(letters), ElementsAre(letters));
    const std::string blanks(kBytes, ' ');
    EXPECT_THAT(named("llama-bpe")->split(blanks + "x"), ElementsAre(std::string_view(blanks).substr(1), " x"));
}

TEST(Pretokenizer, UnsupportedNamesAreRefusedWithTheList) {
    const auto refused = Pretokenizer::create("deepseek-v3");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
    for (const char* name : {"deepseek-v3", "gpt2", "smollm", "llama-bpe", "qwen2"}) {
        EXPECT_THAT(refused.error().message, HasSubstr(name));
    }
    EXPECT_FALSE(Pretokenizer::create("").ok());
}

}  // namespace
}  // namespace larder::text
