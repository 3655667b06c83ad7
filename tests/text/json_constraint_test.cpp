// Whatever tokens a model chooses of those that are allowed: the text is JSON and what the schema wants. And what the
// schema wants can be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/text/grammar_reader.h"
#include "engine/text/json_schema.h"
#include "engine/text/model_text.h"
#include "engine/text/token_trie.h"
#include "engine/text/tool_constraint.h"
#include "tests/support/starter.h"
#include "tests/text/grammar_vocabulary.h"
#include "tests/text/grammar_walk.h"
#include "tests/text/random_schema.h"
#include "tests/text/schema_validator.h"

namespace larder::text {
namespace {

using base::Json;

const char* const kSchemas[] = {
    R"({})", R"(true)", R"({"type":"object"})", R"({"type":"array"})", R"({"type":"string"})", R"({"type":"number"})", R"({"type":"integer"})",
    R"({"type":["string","null"]})", R"({"type":["integer","number","boolean"]})",
    R"({"type":"object","properties":{}})", R"({"additionalProperties":false})",
    R"({"type":"object","properties":{"a":{"type":"string"},"ab":{"type":"integer"},"abc":{}},"required":["ab"]})",
    R"({"properties":{"path":{"type":"string"},"depth":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}},"required":["path","depth"],"additionalProperties":false})",
    R"({"enum":["a","ab","abc",1,12,1.5,-0.25,true,null,{"a":[1,2]},[],"\u00e4","\u0004","\ud83d\ude00"]})", R"({"const":"</tool_call>"})",
    R"({"type":"array","items":{"type":"array","items":{"enum":[1,10,100]}}})", R"({"items":false})",
    R"({"type":"object","additionalProperties":{"type":"array","items":{"type":"boolean"}}})",
    R"({"anyOf":[{"type":"string"},{"type":"null"},{"type":"array","items":{"type":"string"}}]})",
    R"({"oneOf":[{"type":"object","properties":{"x":{"type":"number"}},"required":["x"]},{"const":"none"}]})",
    R"({"anyOf":[{"type":"integer"},{"type":"number"},{"enum":["a","b"]},{"enum":["b","c"]}]})",
    R"({"$defs":{"point":{"type":"object","properties":{"x":{"type":"number"},"y":{"$ref":"#/$defs/y~1z"}},"required":["x","y"]},"y/z":{"type":"integer"}},"type":"array","items":{"$ref":"#/$defs/point"}})",
    R"({"required":["name"]})", R"({"allOf":[{"type":"object","properties":{"a":{"type":"null"}}}]})",
    R"({"type":"object","properties":{"todos":{"type":"array","items":{"type":"object","properties":{"content":{"type":"string"},"status":{"type":"string","enum":["pending","in_progress","completed"]}},"required":["content","status"]}}},"required":["todos"]})"};

std::string python(const std::string& compact) {  // compact JSON with a blank behind ',' and ':'
    std::string text;
    bool inString = false;
    for (std::size_t i = 0; i < compact.size(); ++i) {
        text += compact[i];
        if (inString && compact[i] == '\\') text += compact[++i];
        else if (compact[i] == '"') inString = !inString;
        else if (!inString && (compact[i] == ',' || compact[i] == ':')) text += ' ';
    }
    return text;
}

// The grammar of one schema, and whether it reads a whole text.
struct Reading {
    explicit Reading(const Json& schema, bool strict = true) {
        JsonSchemaCompiler compiler([](std::string_view) { return true; });
        const auto node = compiler.add(schema, {.path = "schema", .strict = strict});
        EXPECT_TRUE(node.ok()) << (node.ok() ? "" : node.error().message) << " " << schema;
        if (!node) return;
        auto made = std::make_shared<AnswerGrammar>();
        made->json = compiler.take();
        made->openings.push_back({"", *node});
        grammar = made;
    }
    bool reads(std::string_view text) const {
        GrammarReader reader(grammar);
        auto state = reader.start();
        for (const char byte : text)
            if (!reader.step(state, static_cast<std::uint8_t>(byte))) return false;
        return reader.mayEnd(state);
    }
    std::shared_ptr<const AnswerGrammar> grammar;
};

std::shared_ptr<Constraint> constraintFor(const GrammarVocabulary& words, const Json& schema, bool strict = true) {
    const auto made = makeJsonConstraint({.tokenizer = words.tokenizer, .schema = &schema, .strict = strict, .startAfter = {}, .stopTokens = words.stops});
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message) << " " << schema;
    return made.ok() ? made->constraint : nullptr;
}

void expectValid(const std::string& text, const Json& schema) {
    const auto parsed = base::parseJson(text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message << ": " << text << "\nof " << schema;
    EXPECT_TRUE(isValid(*parsed, schema, schema)) << text << "\nis not " << schema;
}

TEST(JsonConstraint, RandomWalksEndInWhatTheSchemaWants) {
    for (const bool whole : {true, false}) {
        const auto words = GrammarVocabulary::make(whole ? std::string_view() : std::string_view("\x04\xc0\xc1\xf5\xff\x9f\xa4", 7));
        for (const char* text : kSchemas) {
            const Json schema = Json::parse(text);
            for (unsigned seed = 0; seed < 25; ++seed) {
                const auto constraint = constraintFor(words, schema);
                ASSERT_NE(constraint, nullptr);
                expectValid(GrammarWalk(*words.tokenizer, words.stops, seed).run(*constraint), schema);
            }
        }
    }
}

TEST(JsonConstraint, RandomWalksThroughRandomSchemas) {
    const auto words = GrammarVocabulary::make();
    for (unsigned seed = 0; seed < 400; ++seed) {
        const Json schema = SchemaDice(seed).schema(4);
        const auto constraint = constraintFor(words, schema);
        ASSERT_NE(constraint, nullptr);
        expectValid(GrammarWalk(*words.tokenizer, words.stops, seed).run(*constraint, 40 + seed % 100), schema);
        if (testing::Test::HasFailure()) return;
    }
}

TEST(JsonConstraint, TheStarterWritesValidJsonToo) {
    const auto path = support::starterModel();
    if (!path) GTEST_SKIP() << "LARDER_STARTER does not name the starter model";
    const auto model = loadModelText(*path);
    ASSERT_TRUE(model) << model.error().message;
    const auto ends = (*model)->tokenizer->endTokens();
    const GrammarVocabulary words{.tokenizer = (*model)->tokenizer, .stops = {ends.begin(), ends.end()}};
    for (const char* text : kSchemas) {
        const Json schema = Json::parse(text);
        for (unsigned seed = 0; seed < 2; ++seed) {
            const auto constraint = constraintFor(words, schema);
            ASSERT_NE(constraint, nullptr);
            expectValid(GrammarWalk(*words.tokenizer, words.stops, seed).run(*constraint), schema);
        }
    }
}

TEST(JsonConstraint, WhatTheSchemaWantsCanBeWritten) {
    int written = 0;
    for (unsigned seed = 0; seed < 1500; ++seed) {
        const bool anySpacing = seed % 2 == 0;
        SchemaDice dice(seed, anySpacing);
        const Json schema = dice.schema(4);
        const Reading reading(schema);
        for (int i = 0; i < 5; ++i) {
            const auto instance = dice.instance(schema);
            if (!instance) continue;
            const std::string text = base::dumpJson(*instance);
            ASSERT_TRUE(reading.reads(text)) << text << "\nof " << schema;
            ASSERT_TRUE(!anySpacing || reading.reads(python(text))) << python(text) << "\nof " << schema;
            ++written;
        }
    }
    EXPECT_GT(written, 5000);
}

TEST(JsonConstraint, ReadsJsonAndNothingElse) {
    const Reading any(Json(true));
    for (const char* text : {"{}", "[]", "\"\"", "0", "-0", "10", "-1.50e+07", "1E5", "true", "[1,2, [3]]", R"({"a":1, "a": {"b":[]}})", R"("\"\\\/\b\f\n\r\t\u00e4\uD83D\uDe00")",
                             "\"\xc3\xa4\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\x7f\"", "123456789012345678.123456789012345678e99"})
        EXPECT_TRUE(any.reads(text)) << text;
    for (const char* text : {"", " 1", "1 ", "01", "-", "1.", ".5", "1e", "1e+", "+1", "1e100", "1234567890123456789", "tru", "nulll", "[1,]", "[,1]", "[1  ,2]", "[1,  2]", "[ 1]",
                             R"({"a" :1})", R"({"a":1,})", R"({a:1})", R"({"a"})", "\"\n\"", R"("\x")", R"("\u12g4")", R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")",
                             R"("\ud800x")", "\"\xc0\x80\"", "\"\xe0\x9f\xbf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xf5\"", "\"\x80\"", "\"\xc3\"", "{}{}", "[1]]"})
        EXPECT_FALSE(any.reads(text)) << text;
    const Reading closed(Json::parse(R"({"properties":{"a":{"type":"integer"},"ab":{"enum":[1,12,"x"]}},"required":["a"]})"));
    for (const char* text : {R"({"a":1})", R"({"ab":12,"a":-5})", R"({"a":0, "ab": "x"})"}) EXPECT_TRUE(closed.reads(text)) << text;
    for (const char* text : {"{}", R"({"ab":1})", R"({"a":1,"a":2})", R"({"a":1.5})", R"({"a":1,"ab":123})", R"({"a":1,"b":1})", R"({"a":1,})", R"({"a":1,"ab":"x)", "[]", "1"})
        EXPECT_FALSE(closed.reads(text)) << text;
}

TEST(JsonConstraint, NestingEnds) {
    const Reading any(Json(true));
    const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
    EXPECT_TRUE(any.reads(nested(64)));
    EXPECT_FALSE(any.reads(nested(65)));
    EXPECT_TRUE(any.reads(std::string(64, '[') + "1" + std::string(64, ']')));
}

// The mask says of every token what reading its bytes says.
TEST(JsonConstraint, TheMaskEqualsTryingEveryToken) {
    for (const std::string_view without : {std::string_view(), std::string_view("\x9f")}) {
        const auto words = GrammarVocabulary::make(without);
        const auto trie = TokenTrie::of(words.tokenizer);
        ASSERT_TRUE(trie);
        EXPECT_EQ((*trie)->completesUtf8(), without.empty());
        std::mt19937 random(3);
        std::size_t compared = 0;
        for (unsigned seed = 0; seed < 60; ++seed) {
            const Json schema = seed < std::size(kSchemas) ? Json::parse(kSchemas[seed]) : SchemaDice(seed).schema(3);
            const auto constraint = constraintFor(words, schema);
            JsonSchemaCompiler compiler([&](std::string_view text) { return (*trie)->canSpell(text); });
            const auto node = compiler.add(schema, {.path = "schema", .strict = true});
            AnswerGrammar grammar{.json = compiler.take(), .openings = {{"", *node}}, .again = {}, .closing = {}};
            GrammarReader reader(std::make_shared<const AnswerGrammar>(grammar));
            auto state = reader.start();
            for (int step = 0; step < 60; ++step) {
                const auto mask = allowedBy(*constraint, *words.tokenizer);
                std::vector<TokenId> expected;
                std::vector<GrammarReader::State> next;
                for (std::size_t i = 0; i < words.tokenizer->vocabulary(); ++i) {
                    const auto token = static_cast<TokenId>(i);
                    auto tried = state;
                    bool fits = !words.tokenizer->bytes(token).empty();
                    for (const char byte : words.tokenizer->bytes(token)) fits = fits && reader.step(tried, static_cast<std::uint8_t>(byte));
                    fits = fits && ((*trie)->completesUtf8() || !GrammarReader::inCharacter(tried));
                    if (token == words.stops[0]) fits = reader.mayEnd(state);
                    if (!fits) continue;
                    expected.push_back(token);
                    next.push_back(tried);
                }
                ASSERT_EQ(tokensOf(mask), expected) << schema << " at step " << step;
                ASSERT_FALSE(expected.empty());
                compared += words.tokenizer->vocabulary();
                const std::size_t chosen = random() % expected.size();
                if (expected[chosen] == words.stops[0]) break;
                constraint->accept(expected[chosen]);
                state = next[chosen];
            }
        }
        EXPECT_GT(compared, 100'000u);
    }
}

// A model's vocabulary may be padded: the mask is longer than the tokenizer knows, and what it does not know never comes.
TEST(JsonConstraint, MasksOfOtherLengths) {
    const auto words = GrammarVocabulary::make();
    const auto constraint = constraintFor(words, Json(true));
    const auto mask = allowedBy(*constraint, *words.tokenizer);
    std::vector<std::uint64_t> longer(mask.size() + 3, ~std::uint64_t{0}), shorter(mask.size() - 1, 0);
    constraint->allowed(longer);
    constraint->allowed(shorter);
    EXPECT_TRUE(std::equal(mask.begin(), mask.end(), longer.begin()));
    EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), mask.begin()));
    EXPECT_THAT(std::span(longer).subspan(mask.size()), testing::Each(0));
}

// Long answers do not fill memory with what is closed.
TEST(JsonConstraint, ALongAnswerStaysRight) {
    const auto words = GrammarVocabulary::make();
    const Json schema = Json::parse(R"({"type":"array","items":{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"array"}},"required":["a","b"]}})");
    const auto constraint = constraintFor(words, schema);
    const auto write = [&](std::string_view text) {
        for (const char byte : text) {
            ASSERT_TRUE(isSet(allowedBy(*constraint, *words.tokenizer), static_cast<unsigned char>(byte))) << text;
            constraint->accept(static_cast<unsigned char>(byte));
        }
    };
    write("[");
    for (int i = 0; i < 1500; ++i) write(R"({"a":1,"b":[[],{}]},)");
    write(R"({"b":[)");
    EXPECT_FALSE(isSet(allowedBy(*constraint, *words.tokenizer), '}'));
    write(R"(],"a":2}])");
    EXPECT_TRUE(isSet(allowedBy(*constraint, *words.tokenizer), words.stops[0]));
}

TEST(JsonConstraint, AVocabularyThatCannotWriteJsonIsRefused) {
    const auto words = GrammarVocabulary::make("{");
    const auto made = makeJsonConstraint({.tokenizer = words.tokenizer, .startAfter = {}, .stopTokens = words.stops});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(made.error().message, testing::HasSubstr("no token for '{'"));
    const auto whole = GrammarVocabulary::make();
    EXPECT_FALSE(makeJsonConstraint({.tokenizer = whole.tokenizer, .startAfter = {}, .stopTokens = {}}));
}

}  // namespace
}  // namespace larder::text
