#include "engine/text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>

#include "tests/text/small_vocabulary.h"

namespace larder::text {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<TokenId> byteIds(std::string_view text) {
    std::vector<TokenId> ids;
    for (const char byte : text) ids.push_back(static_cast<unsigned char>(byte));
    return ids;
}

std::string decoded(const Tokenizer& tokenizer, const std::vector<TokenId>& tokens) {
    std::string text;
    for (const TokenId token : tokens) text += tokenizer.bytes(token);
    return text;
}

std::shared_ptr<const Tokenizer> built(const SmallVocabulary& vocabulary) {
    auto tokenizer = vocabulary.build();
    EXPECT_TRUE(tokenizer.ok()) << (tokenizer.ok() ? "" : tokenizer.error().message);
    return tokenizer.ok() ? *tokenizer : nullptr;
}

std::string refusal(const SmallVocabulary& vocabulary) {
    const auto tokenizer = vocabulary.build();
    return tokenizer.ok() ? "accepted" : tokenizer.error().message;
}

TEST(Tokenizer, MergesLowestRankFirstAndLeftmostAmongEquals) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    const TokenId bc = words.merge("b", "c");
    const TokenId ab = words.merge("a", "b");
    const TokenId aa = words.merge("a", "a");
    const auto tokenizer = built(words);
    EXPECT_THAT(tokenizer->encode("abc"), ElementsAre('a', bc));
    EXPECT_THAT(tokenizer->encode("ab"), ElementsAre(ab));
    EXPECT_THAT(tokenizer->encode("aaa"), ElementsAre(aa, 'a'));
    EXPECT_THAT(tokenizer->encode("aabc"), ElementsAre(aa, bc));
    EXPECT_THAT(tokenizer->encode(""), IsEmpty());
}

// The scan for short words and the queue for long ones are two programs for one definition.
TEST(Tokenizer, LongWordsMergeLikeShortOnes) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    std::mt19937 random(7);
    std::vector<std::string> known = {"a", "b", "c"};
    for (int i = 0; i < 60; ++i) {
        const std::string left = known[random() % known.size()];
        const std::string right = known[random() % known.size()];
        if (std::ranges::find(known, left + right) != known.end() || left.size() + right.size() > 12) continue;
        words.merge(left, right);
        known.push_back(left + right);
    }
    const auto tokenizer = built(words);
    const auto byDefinition = [&](const std::string& text) {
        std::vector<std::string> parts;
        for (const char byte : text) parts.emplace_back(1, byte);
        for (;;) {
            std::size_t bestRank = words.merges.size(), bestAt = 0;
            for (std::size_t at = 0; at + 1 < parts.size(); ++at) {
                const auto found = std::ranges::find(words.merges, parts[at] + " " + parts[at + 1]);
                const auto rank = static_cast<std::size_t>(found - words.merges.begin());
                if (rank < bestRank) bestRank = rank, bestAt = at;
            }
            if (bestRank == words.merges.size()) break;
            parts[bestAt] += parts[bestAt + 1];
            parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(bestAt) + 1);
        }
        std::vector<TokenId> ids;
        for (const std::string& part : parts) ids.push_back(tokenizer->find(part).value());
        return ids;
    };
    for (int i = 0; i < 400; ++i) {
        std::string text(1 + random() % 120, 'a');
        for (char& byte : text) byte = static_cast<char>('a' + random() % 3);
        ASSERT_EQ(tokenizer->encode(text), byDefinition(text)) << text;
    }
}

TEST(Tokenizer, MillionByteWordsFinish) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    std::string text = "a";
    for (int i = 0; i < 6; ++i, text += text) words.merge(text, text);  // ... up to 64 times a
    words.merge("Ġ", "Ġ");
    const auto tokenizer = built(words);
    EXPECT_EQ(tokenizer->encode(std::string(1 << 20, 'a')).size(), std::size_t{1 << 14});
    EXPECT_EQ(tokenizer->encode(std::string(1 << 20, ' ')).size(), std::size_t{1 << 19});
    EXPECT_EQ(tokenizer->encode(std::string(1 << 20, '\xff')).size(), std::size_t{1 << 20});
}

TEST(Tokenizer, BytesThatAreNotUtf8AreEncodedOneByOne) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    const TokenId ab = words.merge("a", "b");
    const auto tokenizer = built(words);
    EXPECT_THAT(tokenizer->encode("ab\xff\xc3"
                                  "ab\xe2\x82"),
                ElementsAre(ab, 0xff, 0xc3, ab, 0xe2, 0x82));
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(built(SmallVocabulary::ofBytes())->encode(all), byteIds(all));
    std::mt19937 random(3);
    for (int i = 0; i < 200; ++i) {
        std::string noise(random() % 40, ' ');
        for (char& byte : noise) byte = static_cast<char>(random());
        ASSERT_EQ(decoded(*tokenizer, tokenizer->encode(noise)), noise);
    }
}

TEST(Tokenizer, ControlTokensOnlyInTrustedText) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    const TokenId start = words.add("<|im_start|>", kControl);
    const TokenId unknown = words.add("<unk>", kUnknown);
    const auto tokenizer = built(words);
    EXPECT_EQ(tokenizer->encode("<|im_start|><unk>"), byteIds("<|im_start|><unk>"));
    EXPECT_THAT(tokenizer->encodeTrusted("<|im_start|>a<unk>"), ElementsAre(start, 'a', unknown));

    const auto encode = [&](std::vector<TextSegment> segments) { return tokenizer->encode(segments); };
    EXPECT_THAT(encode({{"<|im_start|>", true}, {"x", false}}), ElementsAre(start, 'x'));
    EXPECT_EQ(encode({{"<|im_", true}, {"start|>", false}}), byteIds("<|im_start|>"));
    EXPECT_EQ(encode({{"<|im_", false}, {"start|>", true}}), byteIds("<|im_start|>"));
    EXPECT_EQ(encode({{"<|im_", true}, {"sta", false}, {"rt|>", true}}), byteIds("<|im_start|>"));
    // Two trusted neighbours are one trusted text, however the template's output was cut.
    EXPECT_THAT(encode({{"<|im_", true}, {"", false}, {"start|>", true}}), ElementsAre(start));
    EXPECT_THAT(encode({}), IsEmpty());
}

TEST(Tokenizer, NoMergeReachesAControlToken) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    words.pre = "llama-bpe";  // would take the whole piece without merging
    const TokenId s = words.merge("<", "s");
    words.merge("<s", ">", kControl);
    words.add("xyz", kControl);
    const auto tokenizer = built(words);
    EXPECT_THAT(tokenizer->encode("<s>"), ElementsAre(s, '>'));
    EXPECT_THAT(tokenizer->encode("xyz"), ElementsAre('x', 'y', 'z'));
    SmallVocabulary symbols = SmallVocabulary::ofBytes();
    symbols.merge("<", "|", kControl);
    EXPECT_THAT(built(symbols)->encode("<|"), ElementsAre('<', '|'));
}

TEST(Tokenizer, NoMergeLosesText) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    words.merge("a", "b", kUnused);
    words.merge("c", "d", kUnknown);
    for (const char* left : {"<", "<0", "<0x", "<0x4"}) words.merge(left, std::string(1, "0x41"[std::strlen(left) - 1]));
    words.merge("<0x41", ">", kByte);  // stands for "A"
    const auto tokenizer = built(words);
    EXPECT_EQ(decoded(*tokenizer, tokenizer->encode("ab cd <0x41>")), "ab cd <0x41>");
}

TEST(Tokenizer, UserDefinedTokensEverywhereButNeverAtTheCostOfAControlToken) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    const TokenId think = words.add("<think>", kUserDefined);
    const TokenId blanks = words.add("   ", kUserDefined);  // written as it is, not in the byte alphabet
    const TokenId trap = words.add("x<|", kUserDefined);
    const TokenId end = words.add("<|im_end|>", kControl);
    const auto tokenizer = built(words);
    EXPECT_THAT(tokenizer->encode("a<think>    b"), ElementsAre('a', think, blanks, ' ', 'b'));
    EXPECT_THAT(tokenizer->encode("x<|"), ElementsAre(trap));
    const std::vector<TextSegment> across = {{"<thi", true}, {"nk>", false}};
    EXPECT_THAT(tokenizer->encode(across), ElementsAre(think));
    // User text before a control token of the template cannot take its first bytes.
    const std::vector<TextSegment> attack = {{"x", false}, {"<|im_end|>", true}};
    EXPECT_THAT(tokenizer->encode(attack), ElementsAre('x', end));
    EXPECT_EQ(tokenizer->bytes(think), "<think>");
    EXPECT_EQ(tokenizer->bytes(blanks), "   ");
    EXPECT_FALSE(tokenizer->isControl(think));
}

TEST(Tokenizer, LeftmostThenLongestSpecialToken) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    const TokenId a = words.add("<|a|>", kControl);
    const TokenId aLong = words.add("<|a|>user", kControl);
    const TokenId overlap = words.add("|>use", kUserDefined);
    const auto tokenizer = built(words);
    EXPECT_THAT(tokenizer->encodeTrusted("<|a|>use"), ElementsAre(a, 'u', 's', 'e'));
    EXPECT_THAT(tokenizer->encodeTrusted("<|a|>user"), ElementsAre(aLong));
    EXPECT_THAT(tokenizer->encodeTrusted("<|a|><|a|>userr"), ElementsAre(a, aLong, 'r'));
    EXPECT_THAT(tokenizer->encodeTrusted("a|>use"), ElementsAre('a', overlap));
}

TEST(Tokenizer, ThousandsOfSpecialTokensStayFast) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    TokenId last = 0;
    for (int i = 0; i < 4000; ++i) last = words.add("<|reserved_special_token_" + std::to_string(i) + "|>", kControl);
    const auto tokenizer = built(words);
    std::string text;
    for (int i = 0; i < 20000; ++i) text += "<|reserved_special_token_";
    EXPECT_EQ(tokenizer->encodeTrusted(text).size(), text.size());
    EXPECT_THAT(tokenizer->encodeTrusted("<|reserved_special_token_3999|>"), ElementsAre(last));
}

TEST(Tokenizer, SegmentsAreOneText) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    const TokenId ab = words.merge("a", "b");
    const TokenId accent = words.merge("Ã", "©");  // the two bytes of e acute
    const auto tokenizer = built(words);
    const std::vector<TextSegment> segments = {{"a", true}, {"b\xc3", false}, {"\xa9", true}};
    EXPECT_THAT(tokenizer->encode(segments), ElementsAre(ab, accent));
}

TEST(Tokenizer, WholePiecesWithoutMergesOnlyForLlama) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    const TokenId word = words.add("Ġword");
    EXPECT_EQ(built(words)->encode(" word"), byteIds(" word"));
    words.pre = "llama-bpe";
    EXPECT_THAT(built(words)->encode(" word"), ElementsAre(word));
}

TEST(Tokenizer, BytesWithoutATokenAreLeftOut) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    words.tokens.erase(words.tokens.begin() + 4);
    words.types.erase(words.types.begin() + 4);
    const auto tokenizer = built(words);
    EXPECT_EQ(decoded(*tokenizer, tokenizer->encode("a\x04"
                                                    "b\x04")),
              "ab");
}

TEST(Tokenizer, ByteTokensServeWhereTheAlphabetLacksOne) {
    SmallVocabulary words;
    words.add("a");
    const TokenId newline = words.add("<0x0A>", kByte);
    const auto tokenizer = built(words);
    EXPECT_THAT(tokenizer->encode("a\na"), ElementsAre(0, newline, 0));
    EXPECT_EQ(tokenizer->bytes(newline), "\n");
}

TEST(Tokenizer, TextAndBytes) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    const TokenId word = words.merge("Ġ", "a");
    const TokenId end = words.add("<|im_end|>", kControl);
    const TokenId pad = words.add("[PAD1]", kUnused);
    const auto tokenizer = built(words);
    EXPECT_EQ(tokenizer->text(word), "Ġa");
    EXPECT_EQ(tokenizer->bytes(word), " a");
    EXPECT_EQ(tokenizer->text(end), "<|im_end|>");
    EXPECT_EQ(tokenizer->bytes(end), "");
    EXPECT_TRUE(tokenizer->isControl(end));
    EXPECT_EQ(tokenizer->bytes(pad), "");
    EXPECT_EQ(tokenizer->find("<|im_end|>"), end);
    EXPECT_EQ(tokenizer->find("nothing"), std::nullopt);
    EXPECT_EQ(tokenizer->vocabulary(), words.tokens.size());
    for (const TokenId outside : {-1, static_cast<TokenId>(words.tokens.size()), 0x7fffffff}) {
        EXPECT_EQ(tokenizer->bytes(outside), "");
        EXPECT_EQ(tokenizer->text(outside), "");
        EXPECT_FALSE(tokenizer->isControl(outside));
    }
}

TEST(Tokenizer, BosAndEndTokens) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    const TokenId bos = words.add("<s>", kControl);
    const TokenId eos = words.add("</custom>", kControl);
    const TokenId turn = words.add("<|im_end|>", kControl);
    words.add("<|eot_id|>");  // not a control token: a word like others
    EXPECT_EQ(built(words)->bos(), std::nullopt);
    EXPECT_FALSE(built(words)->addsBos());
    EXPECT_THAT(built(words)->endTokens(), ElementsAre(turn));

    words.more.value<std::uint32_t>("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(bos));
    words.more.value<std::uint32_t>("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(eos));
    words.more.value<std::int32_t>("tokenizer.ggml.eot_token_id", turn);
    words.more.value<std::uint64_t>("tokenizer.ggml.eom_token_id", 7);
    EXPECT_EQ(built(words)->bos(), bos);
    EXPECT_EQ(built(words)->eos(), eos);
    EXPECT_THAT(built(words)->endTokens(), ElementsAre(eos, turn, 7));
    EXPECT_FALSE(built(words)->addsBos());
    words.pre = "llama3";
    EXPECT_TRUE(built(words)->addsBos());
    words.more.value<bool>("tokenizer.ggml.add_bos_token", false);
    EXPECT_FALSE(built(words)->addsBos());
    words.pre = "qwen2";
    EXPECT_FALSE(built(words)->addsBos());
}

TEST(Tokenizer, RefusesWithOneSentence) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    words.model = "llama";
    EXPECT_THAT(refusal(words), AllOf(HasSubstr("small.gguf"), HasSubstr("'llama'"), HasSubstr("gpt2")));
    words.model.reset();
    EXPECT_THAT(refusal(words), HasSubstr("tokenizer.ggml.model"));
    words = SmallVocabulary::ofBytes();
    words.pre = "tekken";
    EXPECT_THAT(refusal(words), AllOf(HasSubstr("'tekken'"), HasSubstr("smollm, llama-bpe"), HasSubstr("qwen2")));
    for (const char* guessed : {"", "default"}) {
        if (*guessed == '\0')
            words.pre.reset();
        else
            words.pre = guessed;
        EXPECT_EQ(refusal(words), "accepted");  // as gpt2, with a warning in the log
    }

    words = SmallVocabulary::ofBytes();
    words.add("a");
    EXPECT_THAT(refusal(words), AllOf(HasSubstr("97 and 256"), HasSubstr("'a'")));
    words = SmallVocabulary::ofBytes();
    words.types.pop_back();
    EXPECT_THAT(refusal(words), AllOf(HasSubstr("token_type"), HasSubstr("255"), HasSubstr("256")));
    words.types.push_back(9);
    EXPECT_THAT(refusal(words), AllOf(HasSubstr("token_type of token 255"), HasSubstr("9")));
    words = SmallVocabulary();
    EXPECT_THAT(refusal(words), HasSubstr("tokenizer.ggml.tokens is empty"));
    words.add("word", kControl);
    EXPECT_THAT(refusal(words), HasSubstr("no token for any single byte"));
    words = SmallVocabulary::ofBytes();
    words.add(std::string(5000, 'x'), kControl);
    EXPECT_THAT(refusal(words), HasSubstr("5000 bytes"));
}

TEST(Tokenizer, RefusesBadMerges) {
    for (const std::string merge : {"a", "", " ", "a ", " a", "a  b", "a b c"}) {
        SmallVocabulary words = SmallVocabulary::ofBytes();
        words.merge("a", "b");
        words.merges.push_back(merge);
        EXPECT_THAT(refusal(words), AllOf(HasSubstr("tokenizer.ggml.merges"), HasSubstr("entry 1, '" + merge + "',")));
    }
    for (const std::string merge : {"a c", "xx a", "a xx"}) {
        SmallVocabulary words = SmallVocabulary::ofBytes();
        words.merges.push_back(merge);
        EXPECT_THAT(refusal(words), HasSubstr("which the vocabulary lacks"));
    }
}

TEST(Tokenizer, RefusesIdsOutsideTheVocabulary) {
    for (const char* key : {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                            "tokenizer.ggml.eom_token_id"}) {
        SmallVocabulary words = SmallVocabulary::ofBytes();
        words.more.value<std::uint32_t>(key, 256);
        EXPECT_THAT(refusal(words), AllOf(HasSubstr(key), HasSubstr("is 256, but there are 256 tokens")));
        words = SmallVocabulary::ofBytes();
        words.more.value<std::int32_t>(key, -1);
        EXPECT_THAT(refusal(words), HasSubstr(key));
        words = SmallVocabulary::ofBytes();
        words.more.text(key, "1");
        EXPECT_THAT(refusal(words), HasSubstr(key));
    }
}

TEST(Tokenizer, RefusesMissingAndMistypedKeys) {
    const std::vector<std::string> tokens = {"a", "b"};
    const std::vector<std::string> merges;
    const auto head = [] { return support::GgufWriter().text("tokenizer.ggml.model", "gpt2"); };
    const auto message = [](const support::GgufWriter& writer) {
        const auto tokenizer = SmallVocabulary::read(writer);
        return tokenizer.ok() ? "accepted" : tokenizer.error().message;
    };
    EXPECT_THAT(message(head()), HasSubstr("tokenizer.ggml.tokens"));
    EXPECT_THAT(message(head().text("tokenizer.ggml.tokens", "a")), HasSubstr("not a list of strings"));
    EXPECT_THAT(message(head().texts("tokenizer.ggml.tokens", tokens)), HasSubstr("tokenizer.ggml.merges is missing"));
    auto complete = head().texts("tokenizer.ggml.tokens", tokens).texts("tokenizer.ggml.merges", merges);
    EXPECT_EQ(message(complete), "accepted");
    auto mistyped = complete;
    EXPECT_THAT(message(mistyped.texts("tokenizer.ggml.token_type", tokens)), HasSubstr("not a list of integers"));
    mistyped = complete;
    EXPECT_THAT(message(mistyped.value<std::uint32_t>("tokenizer.ggml.pre", 1)), HasSubstr("tokenizer.ggml.pre"));
    mistyped = complete;
    EXPECT_THAT(message(mistyped.text("tokenizer.ggml.add_bos_token", "yes")), HasSubstr("add_bos_token"));
    EXPECT_THAT(message(support::GgufWriter().value<float>("tokenizer.ggml.model", 1)), HasSubstr("not a string"));
    EXPECT_THAT(message(head().texts("tokenizer.ggml.tokens", tokens).array<float>("tokenizer.ggml.merges", {1})),
                HasSubstr("tokenizer.ggml.merges is not a list of strings"));
}

TEST(Tokenizer, DigestChangesWithAllThatEncodingDependsOn) {
    const auto words = [] {
        SmallVocabulary vocabulary = SmallVocabulary::ofBytes();
        vocabulary.merge("a", "b");
        vocabulary.merge("b", "c");
        vocabulary.add("<|end|>", kControl);
        return vocabulary;
    };
    const auto digest = [](const SmallVocabulary& vocabulary) {
        const auto tokenizer = vocabulary.build();
        EXPECT_TRUE(tokenizer.ok());
        const base::Hash128 hash = (*tokenizer)->digest();
        return std::pair(hash.low, hash.high);
    };
    SmallVocabulary otherText = words(), otherType = words(), otherMerges = words(), otherPieces = words(), alias = words();
    otherText.tokens.back() = "<|stop|>";
    otherType.types.back() = kUserDefined;
    std::swap(otherMerges.merges[0], otherMerges.merges[1]);
    otherPieces.pre = "qwen2";
    alias.pre = "gpt-2";
    EXPECT_EQ(digest(words()), digest(words()));
    EXPECT_EQ(digest(words()), digest(alias));
    const std::set<std::pair<std::uint64_t, std::uint64_t>> all = {digest(words()), digest(otherText), digest(otherType),
                                                                   digest(otherMerges), digest(otherPieces)};
    EXPECT_EQ(all.size(), 5u);
}

}  // namespace
}  // namespace larder::text
