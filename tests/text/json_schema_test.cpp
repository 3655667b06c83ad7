#include "engine/text/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace larder::text {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

JsonSchemaCompiler compiler() {
    return JsonSchemaCompiler([](std::string_view) { return true; });
}

Expected<GrammarNode> strictly(const Json& schema) { return compiler().add(schema, {.path = "tools[0].function.parameters", .strict = true}); }

std::string refusal(const Json& schema, bool strict = true) {
    const auto node = compiler().add(schema, {.path = "schema", .strict = strict});
    return node.ok() ? "accepted" : node.error().message;
}

TEST(JsonSchema, StrictRefusesByNameWhatItCannotKeepTo) {
    const auto node = strictly(Json::parse(R"({"type":"object","properties":{"x":{"type":"string","pattern":"a+"}}})"));
    ASSERT_FALSE(node);
    EXPECT_EQ(node.error().code, ErrorCode::Unsupported);
    EXPECT_EQ(node.error().message, "tools[0].function.parameters.properties.x.pattern is not supported with strict");
    const std::pair<const char*, const char*> cases[] = {
        {R"({"items":{"minimum":1}})", "schema.items.minimum"},
        {R"({"anyOf":[{"type":"null"},{"maxItems":1}]})", "schema.anyOf[1].maxItems"},
        {R"({"properties":{},"additionalProperties":true})", "schema.additionalProperties"},
        {R"({"anyOf":[{"properties":{"a":true}},{"properties":{"b":true}}]})", "schema.anyOf"},
        {R"({"oneOf":[{"type":"integer"},{"type":"number"}]})", "schema.oneOf"},
        {R"({"properties":{"a":true},"anyOf":[{"required":["a"]}]})", "schema.anyOf"},
        {R"({"allOf":[{"type":"string"},{"minLength":2}]})", "schema.allOf"},
        {R"({"$ref":"https://example.com/schema"})", "schema.$ref"},
        {R"({"$defs":{"a":{"properties":{"next":{"$ref":"#/$defs/a"}}}},"$ref":"#/$defs/a"})", "schema.$ref.properties.next.$ref"},
        {R"({"enum":[1,{"a":1}],"properties":{"a":{"type":"string"}}})", "schema.properties"},
        {R"({"const":[1],"items":{"type":"string"}})", "schema.items"},
        {R"({"not":{"type":"null"}})", "schema.not"}};
    for (const auto& [schema, path] : cases) EXPECT_EQ(refusal(Json::parse(schema)), std::string(path) + " is not supported with strict");
}

TEST(JsonSchema, WhatDescribesMembersMeansNothingToScalarLiterals) {
    EXPECT_EQ(refusal(Json::parse(R"({"type":"string","enum":["a",{"b":1}],"properties":{"b":{"type":"string"}}})")), "accepted");
}

TEST(JsonSchema, ElseItIsLeftOutAndListed) {
    auto lenient = compiler();
    const Json schema = Json::parse(R"({"type":"object","properties":{"x":{"type":"string","format":"date","minLength":1},"y":{"not":{}}},"additionalProperties":{}})");
    ASSERT_TRUE(lenient.add(schema, {.path = "s", .strict = false}));
    EXPECT_THAT(lenient.ignored(), ElementsAre("s.additionalProperties", "s.properties.x.format", "s.properties.x.minLength", "s.properties.y.not"));
}

TEST(JsonSchema, AnnotationsNeverMatter) {
    auto strict = compiler();
    const Json schema = Json::parse(
        R"({"$schema":"x","$id":"y","title":"t","description":"d","default":1,"examples":[1],"deprecated":true,"readOnly":true,"$comment":"c","x-other":{"pattern":1},"type":"integer"})");
    ASSERT_TRUE(strict.add(schema, {.path = "s", .strict = true}));
    EXPECT_THAT(strict.ignored(), IsEmpty());
}

TEST(JsonSchema, WhatIsNoSchemaOrAllowsNothingIsRefusedEitherWay) {
    for (const bool strict : {true, false}) {
        for (const char* schema : {"1", "null", "\"object\"", "[]", R"({"type":"text"})", R"({"type":1})", R"({"type":[]})", R"({"type":["string",null]})", R"({"properties":[]})", R"({"required":"a"})",
                                   R"({"required":[1]})", R"({"enum":"a"})", R"({"anyOf":{}})", R"({"anyOf":[]})", R"({"properties":{"a":3}})", R"({"$ref":1})", "false", R"({"enum":[]})",
                                   R"({"type":"integer","enum":["a",1.5]})", R"({"enum":[1],"const":2})", R"({"properties":{"a":false},"required":["a"]})"}) {
            const auto node = compiler().add(Json::parse(schema), {.path = "schema", .strict = strict});
            ASSERT_FALSE(node) << schema;
            EXPECT_EQ(node.error().code, ErrorCode::InvalidArgument) << schema;
            EXPECT_THAT(node.error().message, HasSubstr("schema")) << schema;
        }
    }
    EXPECT_FALSE(compiler().addObject(Json{{"type", "string"}}, {.path = "p", .strict = false}));
    EXPECT_TRUE(compiler().addObject(Json::object(), {.path = "p", .strict = true}));
}

TEST(JsonSchema, HostileSchemasAreRefusedAndCheap) {
    Json deep = true;
    for (int i = 0; i < 150; ++i) deep = {{"items", std::move(deep)}};
    EXPECT_THAT(refusal(deep), HasSubstr("more than 32 levels deep"));
    Json wide = {{"properties", Json::object()}};
    wide["enum"] = Json::array();
    for (int i = 0; i < 30'000; ++i) wide["enum"].push_back(i);
    EXPECT_THAT(refusal(wide), HasSubstr("more than 20000 members"));
    // Every reference doubles what it stands for.
    Json doubling = {{"$defs", {{"a0", {{"type", "null"}}}}}, {"$ref", "#/$defs/a20"}};
    for (int i = 1; i <= 20; ++i) {
        const Json half = {{"$ref", "#/$defs/a" + std::to_string(i - 1)}};
        doubling["$defs"]["a" + std::to_string(i)] = {{"type", "object"}, {"properties", {{"l", half}, {"r", half}}}};
    }
    EXPECT_THAT(refusal(doubling), testing::AnyOf(HasSubstr("members"), HasSubstr("levels")));
    Json large = {{"$defs", {{"a", {{"const", std::string(100'000, 'x')}}}}}, {"properties", Json::object()}};
    for (int i = 0; i < 100; ++i) large["properties"]["p" + std::to_string(i)] = {{"$ref", "#/$defs/a"}};
    EXPECT_THAT(refusal(large), HasSubstr("bytes of names and values"));
    // What a hundred references look at each time.
    Json types = {{"type", Json::array()}}, branches = {{"anyOf", Json::array()}};
    for (int i = 0; i < 30'000; ++i) {
        types["type"].push_back("null");
        branches["anyOf"].push_back(true);
    }
    EXPECT_THAT(refusal(types), HasSubstr("lists more than there are"));
    EXPECT_THAT(refusal(branches), HasSubstr("more than 20000 members"));
    const std::string longName(200'000, 'n');
    Json pointers = {{"$defs", {{"a", {{"$ref", "#/$defs/" + longName}}}, {longName, {{"type", "null"}}}}}, {"properties", Json::object()}};
    for (int i = 0; i < 100; ++i) pointers["properties"]["p" + std::to_string(i)] = {{"$ref", "#/$defs/a"}};
    EXPECT_THAT(refusal(pointers), HasSubstr("bytes of names and values"));
    const Json longKey = {{"properties", {{std::string(1'000'000, 'k'), {{"type", "what"}}}}}};
    EXPECT_LT(refusal(longKey).size(), 500u);
}

// A const is compared with the values beside it as often as others refer to it.
TEST(JsonSchema, LongLiteralsThatAreReferredToOftenAreCheap) {
    Json references = Json::array();
    for (int i = 0; i < 2000; ++i) references.push_back({{"$ref", "#/$defs/a"}});
    const Json literals = {{"enum", {1}}, {"const", std::string(50'000'000, 'a')}};
    EXPECT_EQ(refusal({{"$defs", {{"a", literals}}}, {"anyOf", references}}, false), "schema allows no value at all");
}

TEST(JsonSchema, MessagesAreShort) {
    EXPECT_LT(refusal({{"type", std::string(1'000'000, 'a')}}).size(), 200u);
    EXPECT_LT(refusal({{"required", {Json::array({std::string(1'000'000, 'a')})}}}).size(), 200u);
}

TEST(JsonSchema, TextsThatCannotBeWrittenAreEscaped) {
    JsonSchemaCompiler ascii([](std::string_view text) { return std::ranges::all_of(text, [](char c) { return c > 0; }); });
    const Json schema = {{"enum", {"\xc3\xa4", "\xf0\x9f\x98\x80", "a"}}};
    const auto node = ascii.add(schema, {.path = "s", .strict = true});
    ASSERT_TRUE(node);
    const JsonGrammar grammar = ascii.take();
    EXPECT_THAT(grammar.nodes[static_cast<std::size_t>(*node)].literals, ElementsAre("\"\\u00e4\"", "\"\\ud83d\\ude00\"", "\"a\""));
}

}  // namespace
}  // namespace larder::text
