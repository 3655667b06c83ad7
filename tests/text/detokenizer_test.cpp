#include "engine/text/detokenizer.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/base/utf8.h"
#include "tests/text/small_vocabulary.h"

namespace larder::text {
namespace {

const Tokenizer& byteTokenizer() {
    static const std::shared_ptr<const Tokenizer> tokenizer = [] {
        SmallVocabulary vocabulary = SmallVocabulary::ofBytes();
        vocabulary.add("<|im_end|>", kControl);  // 256
        return *vocabulary.build();
    }();
    return *tokenizer;
}

TEST(Detokenizer, HoldsBackIncompleteCharacters) {
    Detokenizer detokenizer(byteTokenizer());
    EXPECT_EQ(detokenizer.add('a'), "a");
    EXPECT_EQ(detokenizer.add(0xf0), "");
    EXPECT_EQ(detokenizer.add(0x9f), "");
    EXPECT_EQ(detokenizer.add(256), "");  // control tokens have no bytes and change nothing
    EXPECT_EQ(detokenizer.add(0x98), "");
    EXPECT_EQ(detokenizer.add(0x80), "\U0001f600");
    EXPECT_EQ(detokenizer.finish(), "");
}

TEST(Detokenizer, BytesThatCannotBecomeTextAreReplacedOneByOne) {
    Detokenizer detokenizer(byteTokenizer());
    EXPECT_EQ(detokenizer.add(0xff), "\ufffd");
    EXPECT_EQ(detokenizer.add(0xe2), "");
    EXPECT_EQ(detokenizer.add(0x82), "");
    EXPECT_EQ(detokenizer.add('x'), "\ufffd\ufffdx");
    EXPECT_EQ(detokenizer.add(0x80), "\ufffd");
    EXPECT_EQ(detokenizer.add(0xed), "");
    EXPECT_EQ(detokenizer.add(0xa0), "\ufffd\ufffd");  // would be a surrogate
    EXPECT_EQ(detokenizer.add(0xf0), "");
    EXPECT_EQ(detokenizer.add(0x9f), "");
    EXPECT_EQ(detokenizer.finish(), "\ufffd\ufffd");
    EXPECT_EQ(detokenizer.finish(), "");
    EXPECT_EQ(detokenizer.add('y'), "y");
}

// However the bytes are spread over tokens, the text is the same, and whole characters come as soon as they can.
TEST(Detokenizer, AnyStreamGivesTheRepairedText) {
    std::mt19937 random(11);
    const std::vector<std::string> parts = {"a",        "\u00e9",       "\u20ac", "\U0001f600", "\xff",    "\xc3",
                                            "\xe2\x82", "\xf0\x9f\x98", "\x80",   "\xe0\x80",   "\xf4\x90"};
    for (int i = 0; i < 3000; ++i) {
        std::string bytes;
        for (std::size_t n = random() % 8; n > 0; --n) bytes += parts[random() % parts.size()];
        Detokenizer detokenizer(byteTokenizer());
        std::string text;
        for (const char byte : bytes) {
            const std::string piece = detokenizer.add(static_cast<unsigned char>(byte));
            ASSERT_TRUE(base::isUtf8(piece));
            text += piece;
        }
        ASSERT_EQ(text + detokenizer.finish(), base::repairUtf8(bytes));
    }
}

TEST(Detokenizer, TokensOfSeveralBytesGiveTheSameTextAsTheirBytes) {
    SmallVocabulary vocabulary = SmallVocabulary::ofBytes();
    const TokenId lead = vocabulary.merge("ð", "Ł");       // f0 9f
    const TokenId rest = vocabulary.merge("ĺ", "Ģ");       // 98 80
    const TokenId euroStart = vocabulary.merge("a", "â");  // 61 e2
    const auto tokenizer = *vocabulary.build();
    Detokenizer detokenizer(*tokenizer);
    EXPECT_EQ(detokenizer.add(lead), "");
    EXPECT_EQ(detokenizer.add(rest), "\U0001f600");
    EXPECT_EQ(detokenizer.add(euroStart), "a");
    EXPECT_EQ(detokenizer.add(lead), "\ufffd");
    EXPECT_EQ(detokenizer.add(rest), "\U0001f600");
}

}  // namespace
}  // namespace larder::text
