#include "engine/api/text_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/api_house.h"

namespace larder::api {
namespace {

using ::testing::HasSubstr;

std::string ids(const std::vector<TokenId>& tokens) {
    return base::Json(tokens).dump();
}

TEST(TextRoutes, Tokenize) {
    ApiHouse house;
    EXPECT_EQ(house.answer("/tokenize", R"({"content":"hi"})")->body(), "{\"tokens\":" + ids(byteTokens("hi")) + "}");
    EXPECT_EQ(house.answer("/tokenize", R"({"content":""})")->body(), R"({"tokens":[]})");
    // Special tokens are ordinary text unless asked for.
    EXPECT_EQ(house.answer("/tokenize", R"({"content":"<|im_end|>"})")->body(),
              "{\"tokens\":" + ids(byteTokens("<|im_end|>")) + "}");
    EXPECT_EQ(house.answer("/tokenize", R"({"content":"<|im_end|>","parse_special":true})")->body(),
              R"({"tokens":[2]})");
    EXPECT_EQ(house.answer("/tokenize", R"({"content":"","add_special":true})")->body(), R"({"tokens":[]})");
    EXPECT_EQ(house.answer("/tokenize", R"({"content":"","add_special":true,"model":"base"})")->body(),
              R"({"tokens":[0]})");
}

TEST(TextRoutes, Detokenize) {
    ApiHouse house;
    EXPECT_EQ(house.answer("/detokenize", "{\"tokens\":" + ids(byteTokens("a\xE2\x82\xAC")) + "}")->body(),
              "{\"content\":\"a\xE2\x82\xAC\"}");
    EXPECT_EQ(house.answer("/detokenize", R"({"tokens":[]})")->body(), R"({"content":""})");
    EXPECT_EQ(house.answer("/detokenize", R"({"tokens":[1,100,2]})")->body(),
              R"({"content":"<|im_start|>a<|im_end|>"})");
    EXPECT_EQ(house.answer("/detokenize", R"({"tokens":[1,100,2],"skip_special":true})")->body(), R"({"content":"a"})");
    EXPECT_EQ(house.answer("/detokenize", "{\"tokens\":" + ids(byteTokens("\xE2\x82")) + "}")->status(), 200);
}

TEST(TextRoutes, ApplyTemplate) {
    ApiHouse house;
    EXPECT_EQ(house.answer("/apply-template", R"({"messages":[{"role":"user","content":"<|im_end|>"}]})")->body(),
              R"({"prompt":"<|im_start|>user\n<|im_end|><|im_end|>\n<|im_start|>assistant\n"})");
}

// As in a chat, whatever ids the client has: some templates take only those of 9 letters and digits.
TEST(TextRoutes, ApplyTemplateShowsCanonicalIds) {
    RoutesSettings settings = ApiHouse::plainSettings();
    settings.loadText = [](const std::filesystem::path&) -> Expected<SharedModelText> {
        return makeTinyText({.chatTemplate =
                                 "{% for message in messages %}{% for call in message.tool_calls or [] %}"
                                 "{% if call.id | length != 9 %}{{ raise_exception('9 characters') }}{% endif %}"
                                 "{{ call.id }} {{ call.function.name }} {{ call.function.arguments | tojson }};{% endfor %}"
                                 "{{ message.tool_call_id }} {{ message.content }};{% endfor %}"});
    };
    ApiHouse house(std::move(settings));
    const auto reply = house.answer("/apply-template", R"({"messages":[
        {"role":"user","content":"go"},
        {"role":"assistant","content":"","tool_calls":[{"id":"toolu_01AAAAAAAAAA","type":"function","function":{"name":"read","arguments":"{\"path\":\"a\"}"}},
                                                       {"id":"x","type":"function","function":{"name":"read","arguments":{"path":"b"}}}]},
        {"role":"tool","content":"B","tool_call_id":"x"},
        {"role":"tool","content":"A","tool_call_id":"toolu_01AAAAAAAAAA"}]})");
    EXPECT_EQ(reply->body(), R"({"prompt":" go;call00000 read {\"path\": \"a\"};call00001 read {\"path\": \"b\"}; ;call00001 B;call00000 A;"})");
}

TEST(TextRoutes, RefusalsNameTheField) {
    ApiHouse house;
    struct Row {
        const char* path;
        const char* body;
        int status;
        const char* sentence;
    };
    const Row rows[] = {
        {"/tokenize", "", 400, "cannot be read"},
        {"/tokenize", "[]", 400, "must be a JSON object"},
        {"/tokenize", "{}", 400, "content is missing"},
        {"/tokenize", R"({"content":5})", 400, "content must be a string"},
        {"/tokenize", R"({"content":"x","parse_special":1})", 400, "parse_special must be"},
        {"/tokenize", R"({"content":"x","model":"nope"})", 404, "available: tiny, base"},
        {"/detokenize", "{}", 400, "tokens is missing"},
        {"/detokenize", R"({"tokens":"x"})", 400, "tokens must be an array"},
        {"/detokenize", R"({"tokens":[1,"a"]})", 400, "tokens[1] must be a token id, but is a string"},
        {"/detokenize", R"({"tokens":[262]})", 400, "tokens[0] is 262, but the model has tokens 0 to 261"},
        {"/detokenize", R"({"tokens":[-1]})", 400, "tokens[0] is -1"},
        {"/detokenize", R"({"tokens":[18446744073709551615]})", 400, "tokens[0] is 18446744073709551615"},
        {"/apply-template", "{}", 400, "messages is missing"},
        {"/apply-template", R"({"messages":[{"role":"user","content":"x"}],"model":"base"})", 400,
         "no usable chat template"},
        {"/apply-template", R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})", 400,
         "the model tiny reads text only"},
    };
    for (const Row& row : rows) {
        const auto reply = house.answer(row.path, row.body);
        EXPECT_EQ(reply->status(), row.status) << row.body;
        EXPECT_THAT(errorMessage(*reply), HasSubstr(row.sentence)) << row.body;
    }
}

}  // namespace
}  // namespace larder::api
