// Token ids against the reference tokenizer (tests/fixtures/make_tokenizer_golden.py says how the files are made).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "engine/base/json.h"
#include "engine/text/detokenizer.h"
#include "tests/support/starter.h"
#include "tests/text/small_vocabulary.h"
#include "tests/support/fixtures.h"

namespace larder::text {
namespace {

base::Json readGolden(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto json = base::parseJson(text, {.maxDepth = 10, .maxKeysPerObject = 1'000'000, .maxValues = 100'000'000});
    EXPECT_TRUE(json.ok()) << path << ": " << (json.ok() ? "" : json.error().message);
    return json.ok() ? std::move(*json) : base::Json::object();
}

std::filesystem::path goldenFile(const char* name) {
    return support::sourceFolder() / "tests/golden/tokenizer" / name;
}

Expected<std::shared_ptr<const Tokenizer>> vocabularyOf(const base::Json& golden, const std::string& pretokenizer) {
    SmallVocabulary vocabulary;
    vocabulary.pre = pretokenizer;
    vocabulary.tokens = golden["tokens"].get<std::vector<std::string>>();
    vocabulary.types = golden["types"].get<std::vector<std::int32_t>>();
    vocabulary.merges = golden["merges"].get<std::vector<std::string>>();
    return vocabulary.build();
}

std::string shown(const base::Json& text) {
    return text.dump(-1, ' ', true);
}

void compare(const Tokenizer& tokenizer, const base::Json& texts, const base::Json& expected) {
    ASSERT_GT(texts.size(), 0u);
    ASSERT_EQ(texts.size(), expected["user"].size());
    int mismatches = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto text = texts[i].get<std::string>();
        const auto user = expected["user"][i].get<std::vector<TokenId>>();
        const auto trusted = expected["trusted"].value(std::to_string(i), user);
        mismatches += tokenizer.encode(text) != user || tokenizer.encodeTrusted(text) != trusted;
        if (mismatches > 20) break;
        EXPECT_EQ(tokenizer.encode(text), user) << shown(texts[i]);
        EXPECT_EQ(tokenizer.encodeTrusted(text), trusted) << shown(texts[i]);
    }
    EXPECT_EQ(mismatches, 0);
}

class SyntheticGolden : public testing::TestWithParam<const char*> {};

TEST_P(SyntheticGolden, IdsEqualTheReference) {
    const base::Json golden = readGolden(goldenFile("synthetic.json"));
    const auto tokenizer = vocabularyOf(golden, GetParam());
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
    compare(**tokenizer, golden["texts"], golden["cases"][GetParam()]);
}

INSTANTIATE_TEST_SUITE_P(Tokenizer, SyntheticGolden, testing::Values("gpt2", "smollm", "llama-bpe", "qwen2"),
                         [](const auto& test) { return std::string(test.index == 2 ? "llama_bpe" : test.param); });

TEST(TokenizerGolden, ExtraGoldenFile) {
    const char* path = std::getenv("LARDER_TOKENIZER_GOLDEN");
    if (path == nullptr) GTEST_SKIP() << "LARDER_TOKENIZER_GOLDEN names no file of make_tokenizer_golden.py random";
    const base::Json golden = readGolden(path);
    for (const auto& [pretokenizer, expected] : golden["cases"].items()) {
        SCOPED_TRACE(pretokenizer);
        const auto tokenizer = vocabularyOf(golden, pretokenizer);
        ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
        compare(**tokenizer, golden["texts"], expected);
    }
}

class StarterTokenizer : public testing::Test {
protected:
    void SetUp() override {
        const auto path = support::starterModel();
        if (!path) GTEST_SKIP() << "LARDER_STARTER does not name the starter model";
        const auto file = formats::GgufFile::open(*path);
        ASSERT_TRUE(file.ok()) << file.error().message;
        auto tokenizer = Tokenizer::fromGguf(*file);
        ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
        m_tokenizer = *tokenizer;
    }
    std::shared_ptr<const Tokenizer> m_tokenizer;
};

TEST_F(StarterTokenizer, IdsEqualTheReference) {
    const base::Json golden = readGolden(goldenFile("starter.json"));
    compare(*m_tokenizer, golden["texts"], golden["cases"]["smollm"]);
}

TEST_F(StarterTokenizer, SpecialIds) {
    EXPECT_EQ(m_tokenizer->vocabulary(), 49152u);
    EXPECT_EQ(m_tokenizer->bos(), 1);
    EXPECT_EQ(m_tokenizer->eos(), 2);
    EXPECT_FALSE(m_tokenizer->addsBos());
    EXPECT_EQ(m_tokenizer->endTokens().size(), 2u);  // <|im_end|> and <|endoftext|>
}

// Every token's bytes encode to ids that stand for the same bytes, and come out of a Detokenizer as that text.
TEST_F(StarterTokenizer, AllTokensRoundTrip) {
    for (std::size_t i = 0; i < m_tokenizer->vocabulary(); ++i) {
        const auto token = static_cast<TokenId>(i);
        const std::string bytes(m_tokenizer->bytes(token));
        std::string again;
        for (const TokenId part : m_tokenizer->encode(bytes)) again += m_tokenizer->bytes(part);
        ASSERT_EQ(again, bytes) << i;
        Detokenizer whole(*m_tokenizer), parts(*m_tokenizer);
        std::string wholeText = whole.add(token), partsText;
        for (const TokenId part : m_tokenizer->encode(bytes)) partsText += parts.add(part);
        ASSERT_EQ(wholeText + whole.finish(), partsText + parts.finish()) << i;
        ASSERT_EQ(bytes.empty(), m_tokenizer->isControl(token)) << i;
    }
}

}  // namespace
}  // namespace larder::text
