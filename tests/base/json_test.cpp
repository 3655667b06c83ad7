#include "engine/base/json.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace larder::base {
namespace {

using testing::HasSubstr;

std::string again(std::string_view text) {
    const auto value = parseJson(text);
    return value.ok() ? dumpJson(*value) : "refused: " + value.error().message;
}

std::string repeated(const std::string& piece, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += piece;
    return text;
}

TEST(Json, KeepsOrderAndNumbers) {
    for (const char* text : {R"({"z":1,"a":{"y":[],"b":{}},"m":null})", "12345678901234567890", "-9223372036854775808", "1.0", "true",
                             R"("\u0000")", R"(["é","😀","\\","\n"])", "[[],[[]],{},[{}]]"})
        EXPECT_EQ(again(text), text);
    EXPECT_EQ(again(" \n{ \"a\" : 1 }\t "), R"({"a":1})");
    EXPECT_EQ(again(R"("\ud83d\ude00")"), "\"😀\"");
}

TEST(Json, TheLastOfTwoEqualKeysCounts) {
    EXPECT_EQ(again(R"({"a":1,"b":2,"a":{"c":[3]}})"), R"({"a":{"c":[3]},"b":2})");
    EXPECT_EQ(again(R"({"a":[1,2],"a":[]})"), R"({"a":[]})");
}

TEST(Json, EqualKeysCanBeRefused) {
    const JsonLimits strict{.uniqueKeys = true};
    EXPECT_TRUE(parseJson(R"({"a":{"b":1},"b":{"a":1}})", strict).ok());
    EXPECT_THAT(parseJson(R"({"c":{"a":1,"b":2,"\u0061":3}})", strict).error().message, HasSubstr("same key twice"));
}

TEST(Json, RefusesWhatIsNotOneDocument) {
    for (const std::string_view text : {std::string_view(""), std::string_view(" "), std::string_view("{"), std::string_view("[1,]"),
                                        std::string_view("{\"a\":1,}"), std::string_view("1 2"), std::string_view("{}x"),
                                        std::string_view("{}\0", 3), std::string_view("[1\0]", 4), std::string_view("nul"),
                                        std::string_view("NaN"), std::string_view("Infinity"), std::string_view("01"),
                                        std::string_view("'a'"), std::string_view("{a:1}"), std::string_view("\"a\nb\""),
                                        std::string_view("\"\xff\""), std::string_view("\"\xed\xa0\x80\""), std::string_view(R"("\ud800")"),
                                        std::string_view(R"("\x")"), std::string_view("// c\n1")}) {
        const auto value = parseJson(text);
        ASSERT_FALSE(value.ok()) << text;
        EXPECT_EQ(value.error().code, ErrorCode::InvalidArgument);
        EXPECT_THAT(value.error().message, HasSubstr("not valid near byte"));
    }
}

TEST(Json, SaysWhenANumberIsOutOfRange) { EXPECT_THAT(again("[1e999]"), HasSubstr("out of range")); }

TEST(Json, DepthIsLimited) {
    EXPECT_TRUE(parseJson(repeated("[", 200) + repeated("]", 200)).ok());
    EXPECT_THAT(again(repeated("[", 201) + repeated("]", 201)), HasSubstr("more than 200 levels"));
    EXPECT_THAT(again(repeated("{\"a\":", 1'000'000)), HasSubstr("more than 200 levels"));
    EXPECT_TRUE(parseJson("[[1]]", {.maxDepth = 2}).ok());
    EXPECT_FALSE(parseJson("[[[1]]]", {.maxDepth = 2}).ok());
    EXPECT_TRUE(parseJson("1", {.maxDepth = 0}).ok());
}

TEST(Json, KeysOfOneObjectAreLimited) {
    const JsonLimits limits{.maxKeysPerObject = 2};
    EXPECT_TRUE(parseJson(R"({"a":{"x":1,"y":2},"b":{"x":1,"y":2}})", limits).ok());
    EXPECT_TRUE(parseJson(R"({"a":1,"b":2,"a":3})", limits).ok());
    const auto refused = parseJson(R"({"a":1,"b":2,"c":3})", limits);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message, HasSubstr("more than 2 keys"));
}

TEST(Json, ValuesAreLimited) {
    EXPECT_TRUE(parseJson("[1,2]", {.maxValues = 3}).ok());
    EXPECT_FALSE(parseJson("[1,2,3]", {.maxValues = 3}).ok());
    EXPECT_FALSE(parseJson("[[],[],{}]", {.maxValues = 3}).ok());
}

// Quadratic work here takes hours: the test's own time limit would speak.
TEST(Json, LargeDocumentsTakeLinearTime) {
    EXPECT_TRUE(parseJson("[" + repeated("{},", 1'000'000) + "{}]").ok());
    std::string nested = "1";
    for (int level = 0; level < 150; ++level) {
        std::string text = "{\"inner\":" + nested;
        for (int key = 0; key < 300; ++key) text += ",\"k" + std::to_string(key) + "\":0";
        nested = text + "}";
    }
    EXPECT_TRUE(parseJson(nested).ok());
}

TEST(Json, PrintsBytesThatAreNotUtf8) { EXPECT_EQ(dumpJson(Json("a\xff" "b")), "\"a\xef\xbf\xbd" "b\""); }

}  // namespace
}  // namespace larder::base
