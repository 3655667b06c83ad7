#include "engine/text/encoding_memory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "engine/text/model_text.h"
#include "tests/support/fixtures.h"
#include "tests/support/starter.h"
#include "tests/text/small_vocabulary.h"

namespace larder::text {
namespace {

std::shared_ptr<const Tokenizer> built(const SmallVocabulary& words) {
    auto tokenizer = words.build();
    EXPECT_TRUE(tokenizer) << tokenizer.error().message;
    return tokenizer ? *tokenizer : nullptr;
}

// Tokenizers with control and user-defined tokens that overlap each other and what merges make.
std::shared_ptr<const Tokenizer> overlapping(const std::string& pretokenizer) {
    SmallVocabulary words = SmallVocabulary::ofBytes();
    words.pre = pretokenizer;
    words.merge("<", "|", kControl);
    words.merge("a", "b");
    words.merge("ab", "c");
    words.add("<|im_start|>", kControl);
    words.add("<|im_end|>", kControl);
    words.add("<|im", kUserDefined);
    words.add("end|>\n", kUserDefined);
    words.add("x<|im_end", kUserDefined);
    words.add("<think>", kUserDefined);
    return built(words);
}

std::shared_ptr<const Tokenizer> golden(const std::string& pretokenizer) {
    std::ifstream file(support::sourceFolder() / "tests/golden/tokenizer/synthetic.json", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto json = base::parseJson(text, {.maxDepth = 10, .maxKeysPerObject = 1'000'000, .maxValues = 100'000'000});
    SmallVocabulary words;
    words.pre = pretokenizer;
    words.tokens = (*json)["tokens"].get<std::vector<std::string>>();
    words.types = (*json)["types"].get<std::vector<std::int32_t>>();
    words.merges = (*json)["merges"].get<std::vector<std::string>>();
    return built(words);
}

// The texts of some tokens, whole and in parts, and what stands between them.
std::vector<std::string> snippetsOf(const Tokenizer& tokenizer) {
    std::vector<std::string> out = {"abc",   " ",  "\n",   "user\n", "<|",   "|>",      "im_", "end|>",
                                    "x<|im", "12", "  \n", "ü",      "\xff", "<think>", "'s"};
    for (std::size_t i = 0; i < tokenizer.vocabulary(); ++i) {
        const auto token = static_cast<TokenId>(i);
        if (!tokenizer.isControl(token) && i % 97 != 0) continue;
        const std::string text(tokenizer.text(token));
        if (text.empty() || out.size() > 60) continue;
        out.push_back(text);
        out.push_back(text.substr(0, text.size() / 2));
        out.push_back(text.substr(text.size() / 2));
    }
    return out;
}

std::vector<TextSegment> randomSegments(const std::vector<std::string>& snippets, std::mt19937& random) {
    const auto pick = [&](std::size_t below) { return random() % below; };
    std::vector<TextSegment> segments(pick(6));
    for (TextSegment& segment : segments) {
        segment.trusted = pick(2) == 0;
        for (std::size_t i = pick(6); i > 0; --i) segment.text += snippets[pick(snippets.size())];
    }
    return segments;
}

void expectSame(const Tokenizer& tokenizer, int rounds) {
    const std::vector<std::string> snippets = snippetsOf(tokenizer);
    std::mt19937 random(11);
    EncodingMemory memory, tiny(1000);
    for (int round = 0; round < rounds; ++round) {
        const auto segments = randomSegments(snippets, random);
        const auto expected = tokenizer.encode(segments);
        ASSERT_EQ(memory.encode(tokenizer, segments), expected) << round;
        ASSERT_EQ(memory.encode(tokenizer, segments), expected) << round;
        ASSERT_EQ(tiny.encode(tokenizer, segments), expected) << round;
        ASSERT_LE(tiny.counts().bytes, 1000u);
    }
    EXPECT_GT(memory.counts().known, memory.counts().made);
}

class EncodingMemoryOf : public testing::TestWithParam<const char*> {};

TEST_P(EncodingMemoryOf, EqualsTheTokenizerOnOverlappingTokens) {
    expectSame(*overlapping(GetParam()), 20'000);
}
TEST_P(EncodingMemoryOf, EqualsTheTokenizerOnTheGoldenVocabulary) {
    expectSame(*golden(GetParam()), 5000);
}

INSTANTIATE_TEST_SUITE_P(EncodingMemory, EncodingMemoryOf,
                         testing::Values("gpt2", "smollm", "llama-bpe", "smaug-bpe", "qwen2"));

TEST(EncodingMemory, EqualsTheStartersTokenizer) {
    const auto path = support::starterModel();
    if (!path) GTEST_SKIP() << "LARDER_STARTER names no model";
    const auto model = loadModelText(*path);
    ASSERT_TRUE(model) << model.error().message;
    expectSame(*(*model)->tokenizer, 5000);
}

std::vector<TextSegment> turn(const std::string& text) {
    return {{"<|im_start|>user\n", true}, {text, false}, {"<|im_end|>\n", true}};
}

TEST(EncodingMemory, OnlyWhatIsNewIsTokenised) {
    const auto tokenizer = overlapping("gpt2");
    EncodingMemory memory;
    std::vector<TextSegment> segments = turn("one");
    memory.encode(*tokenizer, segments);
    EXPECT_EQ(memory.counts().made, 2u);  // the turn, and its end
    const auto more = turn("two");
    segments.insert(segments.end(), more.begin(), more.end());
    memory.encode(*tokenizer, segments);
    EXPECT_EQ(memory.counts().made, 3u);
    // The same bytes, but a user's: another piece.
    const std::vector<TextSegment> untrusted = {{"<|im_start|>user\none<|im_end|>\n", false}};
    EXPECT_EQ(memory.encode(*tokenizer, untrusted), tokenizer->encode(untrusted));
    EXPECT_EQ(memory.counts().made, 4u);
}

TEST(EncodingMemory, KnowsTokenizersApart) {
    const auto one = overlapping("gpt2"), other = overlapping("qwen2");
    EncodingMemory memory;
    const auto segments = turn("it's 12345\n\n abc");
    EXPECT_EQ(memory.encode(*one, segments), one->encode(segments));
    EXPECT_EQ(memory.encode(*other, segments), other->encode(segments));
    EXPECT_EQ(memory.counts().known, 0u);
}

TEST(EncodingMemory, ForgetsWhatWasNotUsedForLongest) {
    const auto tokenizer = overlapping("gpt2");
    EncodingMemory memory(2000);
    const auto first = turn("first");
    memory.encode(*tokenizer, first);
    for (int i = 0; i < 100; ++i) {
        memory.encode(*tokenizer, turn(std::string(100, static_cast<char>('a' + i % 26)) + std::to_string(i)));
        memory.encode(*tokenizer, first);
        EXPECT_LE(memory.counts().bytes, 2000u);
    }
    EXPECT_EQ(memory.counts().made, 102u);  // first was always known
    memory.encode(*tokenizer, turn(std::string(100, 'a') + "0"));
    EXPECT_EQ(memory.counts().made, 103u);
    // More than there is room for is not kept.
    const auto large = turn(std::string(3000, 'x'));
    memory.encode(*tokenizer, large);
    EXPECT_EQ(memory.encode(*tokenizer, large), tokenizer->encode(large));
    EXPECT_EQ(memory.counts().made, 105u);
}

TEST(EncodingMemory, ManyThreadsAtOnce) {
    const auto tokenizer = overlapping("llama-bpe");
    EncodingMemory memory(5000);
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 4; ++seed) {
        threads.emplace_back([&, seed] {
            const std::vector<std::string> snippets = snippetsOf(*tokenizer);
            std::mt19937 random(seed % 2);
            for (int i = 0; i < 1000; ++i) {
                const auto segments = randomSegments(snippets, random);
                EXPECT_EQ(memory.encode(*tokenizer, segments), tokenizer->encode(segments));
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace larder::text
