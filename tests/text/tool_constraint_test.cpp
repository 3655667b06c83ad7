// A call that must come: its frame letter by letter, one of the names, arguments of that tool.
#include "engine/text/tool_constraint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "engine/text/output_parser.h"
#include "tests/text/grammar_vocabulary.h"
#include "tests/text/grammar_walk.h"
#include "tests/text/schema_validator.h"

namespace larder::text {
namespace {

using base::Json;
using testing::HasSubstr;

Json someTools() {
    return Json::parse(R"([
        {"type":"function","function":{"name":"get","parameters":{"type":"object","properties":{"file_path":{"type":"string"}},"required":["file_path"]}}},
        {"type":"function","function":{"name":"get_all","description":"d","parameters":{"type":"object","properties":{"n":{"type":"integer"},"deep":{"type":"boolean"}}}}},
        {"type":"function","function":{"name":"q\"uote"}},
        {"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{}}}}])");
}

ToolConstraintSettings settingsFor(const GrammarVocabulary& words, const Json& tools) {
    return {.tokenizer = words.tokenizer, .tools = &tools, .name = {}, .startAfter = {}, .stopTokens = words.stops};
}

struct Call {
    std::string name;
    Json arguments;
};

// The calls in a text that has nothing else; an empty list: it is not so.
std::vector<Call> callsIn(std::string text, ToolCallFormat format) {
    const bool llama = format == ToolCallFormat::LlamaJson;
    const std::string begin = llama ? "" : "<tool_call>\n", end = llama ? "" : "\n</tool_call>";
    std::vector<Call> calls;
    for (;;) {
        if (!text.starts_with(begin)) return {};
        const std::size_t last = llama ? text.size() : text.find(end);
        if (last == std::string::npos) return {};
        const auto call = base::parseJson(text.substr(begin.size(), last - begin.size()));
        if (!call || call->size() != 2 || !call->contains("name")) return {};
        calls.push_back({(*call)["name"], call->value(llama ? "parameters" : "arguments", Json())});
        text.erase(0, last + end.size());
        if (text.empty()) return calls;
        if (text[0] != '\n') return {};
        text.erase(0, 1);
    }
}

TEST(ToolConstraint, RandomWalksAreCallsOfTheTools) {
    const Json tools = someTools();
    for (const bool controlMarkers : {false, true}) {
        const auto words = GrammarVocabulary::make({}, controlMarkers);
        for (const ToolCallFormat format : {ToolCallFormat::HermesJson, ToolCallFormat::LlamaJson, ToolCallFormat::QwenXml}) {
            for (const bool parallel : {false, true}) {
                std::set<std::string> names;
                std::size_t most = 0;
                for (unsigned seed = 0; seed < 40; ++seed) {
                    ToolConstraintSettings settings = settingsFor(words, tools);
                    settings.format = format;
                    settings.parallel = parallel;
                    const auto made = makeToolConstraint(settings);
                    ASSERT_TRUE(made) << made.error().message;
                    const std::string text = GrammarWalk(*words.tokenizer, words.stops, seed).run(*made->constraint, 100);
                    const std::vector<Call> calls = callsIn(text, format);
                    ASSERT_FALSE(calls.empty()) << text;
                    most = std::max(most, calls.size());
                    for (const Call& call : calls) {
                        names.insert(call.name);
                        const auto tool = std::ranges::find_if(tools, [&](const Json& each) { return each["function"]["name"] == call.name; });
                        ASSERT_NE(tool, tools.end()) << text;
                        const Json any = {{"type", "object"}};
                        const Json schema = (*tool)["function"].value("parameters", any);
                        EXPECT_TRUE(isValid(call.arguments, schema, schema)) << text;
                    }
                }
                EXPECT_EQ(names.size(), tools.size());
                EXPECT_EQ(most > 1, parallel && format != ToolCallFormat::LlamaJson);
            }
        }
    }
}

// The parser of model output reads what was forced: whole calls, and no text but what separates them.
TEST(ToolConstraint, TheParserReadsForcedCalls) {
    const auto tools = std::make_shared<const Json>(someTools());
    for (const ToolCallFormat format : {ToolCallFormat::HermesJson, ToolCallFormat::LlamaJson, ToolCallFormat::QwenXml}) {
        const auto words = GrammarVocabulary::make();
        for (unsigned seed = 0; seed < 30; ++seed) {
            ToolConstraintSettings settings = settingsFor(words, *tools);
            settings.format = format;
            settings.parallel = true;
            const auto made = makeToolConstraint(settings);
            ASSERT_TRUE(made);
            const std::string text = GrammarWalk(*words.tokenizer, words.stops, seed).run(*made->constraint, 100);
            const ToolCallFormat read = format == ToolCallFormat::QwenXml ? ToolCallFormat::HermesJson : format;
            const auto parser = makeOutputParser({.toolCalls = read, .tools = tools});
            std::vector<OutputPart> parts;
            parser->add(text, parts);
            parser->finish(parts);
            std::vector<std::string> names, arguments;
            std::string other;
            for (const OutputPart& part : parts) {
                if (const auto* call = std::get_if<PartCallStart>(&part)) {
                    names.push_back(call->name);
                    arguments.emplace_back();
                }
                if (const auto* piece = std::get_if<PartCallArguments>(&part)) arguments[piece->index] += piece->json;
                if (const auto* end = std::get_if<PartCallEnd>(&part); end != nullptr && !end->complete) ADD_FAILURE() << text;
                if (const auto* plain = std::get_if<PartText>(&part)) other += plain->text;
            }
            const std::vector<Call> calls = callsIn(text, format);
            ASSERT_EQ(names.size(), calls.size()) << text;
            for (std::size_t i = 0; i < calls.size(); ++i) {
                EXPECT_EQ(names[i], calls[i].name);
                const auto parsed = base::parseJson(arguments[i]);
                ASSERT_TRUE(parsed) << arguments[i];
                EXPECT_EQ(*parsed, calls[i].arguments) << text;
            }
            EXPECT_EQ(other.find_first_not_of('\n'), std::string::npos) << other;
        }
    }
}

// Up to the name nothing else can be written; a marker that is a control token is written by it.
TEST(ToolConstraint, TheFrameIsForced) {
    const Json tools = someTools();
    for (const bool controlMarkers : {false, true}) {
        const auto words = GrammarVocabulary::make({}, controlMarkers);
        ToolConstraintSettings settings = settingsFor(words, tools);
        settings.name = "now";
        const auto made = makeToolConstraint(settings);
        ASSERT_TRUE(made);
        const auto marker = words.tokenizer->find("<tool_call>");
        ASSERT_EQ(marker.has_value(), controlMarkers);
        if (controlMarkers) {
            EXPECT_THAT(tokensOf(allowedBy(*made->constraint, *words.tokenizer)), testing::ElementsAre(*marker));
        }
        std::string text;
        for (auto tokens = tokensOf(allowedBy(*made->constraint, *words.tokenizer)); tokens != words.stops;
             tokens = tokensOf(allowedBy(*made->constraint, *words.tokenizer))) {
            text += seenText(*words.tokenizer, tokens.back());
            made->constraint->accept(tokens.back());
        }
        EXPECT_EQ(text, "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>");
    }
}

// It would be the marker's token, in the middle of a string.
TEST(ToolConstraint, AMarkerInANameIsText) {
    const auto words = GrammarVocabulary::make({}, true);
    const Json tools = Json::parse(R"([{"type":"function","function":{"name":"a<tool_call>b"}}])");
    const auto made = makeToolConstraint(settingsFor(words, tools));
    ASSERT_TRUE(made);
    std::string text;
    std::size_t markers = 0;
    while (text.size() < 200 && text.find("a<tool_call>b\"") == text.npos) {
        const auto tokens = tokensOf(allowedBy(*made->constraint, *words.tokenizer));
        ASSERT_FALSE(tokens.empty()) << text;
        made->constraint->accept(tokens.front());
        text += seenText(*words.tokenizer, tokens.front());
        markers += tokens.front() == words.tokenizer->find("<tool_call>") ? 1 : 0;
    }
    EXPECT_THAT(text, testing::StartsWith("<tool_call>\n{\"name\": \"a<tool_call>b\""));
    EXPECT_EQ(markers, 1u);
}

TEST(ToolConstraint, NothingIsConstrainedBeforeTheMarker) {
    const Json tools = someTools();
    const auto words = GrammarVocabulary::make();
    const TokenId whole = *words.tokenizer->find("</think>");
    const auto letters = [&](std::string_view text) {
        std::vector<TokenId> ids;
        for (const char byte : text) ids.push_back(static_cast<unsigned char>(byte));
        return ids;
    };
    std::vector<TokenId> doubled = letters("<</</thin</think");
    doubled.push_back(*words.tokenizer->find(alphabetCharacter('>') + alphabetCharacter('\n')));
    for (const auto& thinking : {std::vector<TokenId>{'a', whole}, letters("hm {\"name\" </think>"), doubled}) {
        ToolConstraintSettings settings = settingsFor(words, tools);
        settings.startAfter = "</think>";
        const auto made = makeToolConstraint(settings);
        ASSERT_TRUE(made);
        for (const TokenId token : thinking) {
            EXPECT_FALSE(made->constraint->active());
            made->constraint->accept(token);
        }
        ASSERT_TRUE(made->constraint->active());
        for (int i = 0; i < 3; ++i) {
            EXPECT_TRUE(isSet(allowedBy(*made->constraint, *words.tokenizer), '\n'));
            EXPECT_TRUE(isSet(allowedBy(*made->constraint, *words.tokenizer), '<'));
            EXPECT_FALSE(isSet(allowedBy(*made->constraint, *words.tokenizer), 'a'));
            EXPECT_FALSE(isSet(allowedBy(*made->constraint, *words.tokenizer), words.stops[0]));
            made->constraint->accept('\n');
        }
        const std::string rest = GrammarWalk(*words.tokenizer, words.stops, 1).run(*made->constraint);
        EXPECT_FALSE(callsIn(rest.substr(rest.find('<')), ToolCallFormat::HermesJson).empty()) << rest;
    }
}

// What the token that ends the thinking holds beyond it and does not fit is not the answer's.
TEST(ToolConstraint, ATokenThatRunsOverTheMarker) {
    const Json tools = someTools();
    const auto words = GrammarVocabulary::make();
    ToolConstraintSettings settings = settingsFor(words, tools);
    settings.startAfter = "a";
    const auto made = makeToolConstraint(settings);
    ASSERT_TRUE(made);
    made->constraint->accept(*words.tokenizer->find("abc"));
    EXPECT_TRUE(made->constraint->active());
    EXPECT_TRUE(isSet(allowedBy(*made->constraint, *words.tokenizer), '<'));
}

TEST(ToolConstraint, ErrorsNameTheTool) {
    const auto words = GrammarVocabulary::make();
    const auto refusal = [&](const Json& tools, std::string name = {}) {
        ToolConstraintSettings settings = settingsFor(words, tools);
        settings.name = std::move(name);
        const auto made = makeToolConstraint(settings);
        return made.ok() ? "accepted" : made.error().message;
    };
    EXPECT_THAT(refusal(someTools(), "gett"), HasSubstr("\"gett\", is not one of tools"));
    EXPECT_THAT(refusal(Json::array()), HasSubstr("tools is empty"));
    EXPECT_THAT(refusal(Json::parse(R"([{"type":"web_search"}])")), HasSubstr("tools[0].function is missing"));
    EXPECT_THAT(refusal(Json::parse(R"([{"function":{"name":1}}])")), HasSubstr("tools[0].function.name"));
    EXPECT_THAT(refusal(Json::parse(R"([{"function":{"name":"a","parameters":{"type":"string"}}}])")), HasSubstr("tools[0].function.parameters allows no object"));
    const Json strict = Json::parse(R"([{"function":{"name":"a","strict":true,"parameters":{"properties":{"x":{"pattern":"a"}}}}},{"function":{"name":"b"}}])");
    EXPECT_EQ(refusal(strict), "tools[0].function.parameters.properties.x.pattern is not supported with strict");
    EXPECT_EQ(refusal(strict, "b"), "accepted");
}

TEST(ToolConstraint, WhatIsNotKeptToIsListed) {
    const auto words = GrammarVocabulary::make();
    const Json tools = Json::parse(R"([{"function":{"name":"a"}},{"function":{"name":"b","parameters":{"properties":{"x":{"minimum":3}}}}}])");
    const auto made = makeToolConstraint(settingsFor(words, tools));
    ASSERT_TRUE(made);
    EXPECT_THAT(made->ignored, testing::ElementsAre("tools[1].function.parameters.properties.x.minimum"));
}

}  // namespace
}  // namespace larder::text
