// A thousand damaged bodies for each route: an answer or a 4xx in JSON, never a 5xx, a crash or a hang.
#include <gtest/gtest.h>

#include <random>

#include "tests/api/api_house.h"

namespace larder::api {
namespace {

struct Route {
    const char* path;
    const char* body;
};

const Route kRoutes[] = {
    {"/v1/chat/completions",
     R"({"model":"tiny","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"hi"}]},)"
     R"({"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},)"
     R"({"role":"tool","tool_call_id":"1","content":"42"}],"temperature":0.5,"top_p":0.9,"max_tokens":5,"stop":["a","b"],)"
     R"("logit_bias":{"5":1.5},"seed":42,"stream":false,"stream_options":{"include_usage":true},"logprobs":true,)"
     R"("top_logprobs":2,"tools":[{"type":"function","function":{"name":"f","parameters":{}}}],"tool_choice":"auto",)"
     R"("response_format":{"type":"text"},"chat_template_kwargs":{"x":1}})"},
    {"/v1/completions",
     R"({"model":"base","prompt":[1,2,3],"max_tokens":5,"echo":true,"logprobs":3,"stream":true,"stop":"x","suffix":""})"},
    {"/tokenize", R"({"content":"h\u00e9llo","add_special":true,"parse_special":true,"model":"tiny"})"},
    {"/detokenize", R"({"tokens":[1,2,100],"skip_special":true})"},
    {"/apply-template", R"({"messages":[{"role":"user","content":"hi"}],"tools":[],"model":"tiny"})"},
};

std::string damaged(const std::string& body, std::mt19937& random) {
    static const std::string kPieces[] = {
        "null",    "[]",   "{}", "-1", "1e999", "\"",   "\\u0000", "\\ud800", "99999999999999999999",
        "true",    "[[[[", "}",  ",",  ":",     "\xff", "\"a\"",   "0",       "1.5",
        "{\"a\":", "NaN"};
    std::string result = body;
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
        const std::size_t at = random() % (result.size() + 1);
        switch (random() % 5) {
            case 0:
                result.insert(at, kPieces[random() % std::size(kPieces)]);
                break;
            case 1:
                result.erase(at, 1 + random() % 8);
                break;
            case 2:
                if (at < result.size()) result[at] = static_cast<char>(random() % 256);
                break;
            case 3: {  // another value after a colon, so that most stay valid JSON
                const std::size_t colon = result.find(':', at);
                const std::size_t end = result.find_first_of(",}]", colon == std::string::npos ? 0 : colon);
                if (colon != std::string::npos && end != std::string::npos)
                    result.replace(colon + 1, end - colon - 1, kPieces[random() % std::size(kPieces)]);
                break;
            }
            default:
                result.resize(at);
                break;
        }
    }
    return result;
}

TEST(HostileBodies, NeverBreakTheServer) {
    ApiHouse house;
    house.generator.answerWith([](const GenerationRequest& request) {
        GeneratedToken token = generated(kWorld);
        if (request.topLogprobs >= 0) token.logprobs = PositionLogprobs{{kWorld, -1.0f}, {}};
        return std::vector<GenerationEvent>{token, GenerationFinished{}};
    });
    std::mt19937 random(3);
    int accepted = 0;
    int refused = 0;
    for (const Route& route : kRoutes) {
        EXPECT_EQ(house.answer(route.path, route.body)->status(), 200) << house.answer(route.path, route.body)->body();
        for (int i = 0; i < 1000; ++i) {
            const std::string body = damaged(route.body, random);
            const auto reply = house.answer(route.path, body);
            const int status = reply->status();
            ASSERT_TRUE(status == 200 || (status >= 400 && status < 500)) << status << " for " << body;
            EXPECT_EQ(reply->misuses(), 0);
            ++(status == 200 ? accepted : refused);
            if (status == 200) continue;
            const base::Json error = parsed(reply->body());
            ASSERT_TRUE(error.is_object() && error["error"]["message"].is_string()) << reply->body();
            EXPECT_EQ(error["error"]["type"], "invalid_request_error");
        }
    }
    // Both sides were met, so the test tests something.
    EXPECT_GT(accepted, 200);
    EXPECT_GT(refused, 2000);
}

TEST(HostileBodies, DeepAndWideJsonIsRefusedQuickly) {
    ApiHouse house;
    const std::string deep = R"({"prompt":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
    EXPECT_EQ(house.answer("/v1/completions", deep)->status(), 400);
    std::string wide = R"({"prompt":"x","logit_bias":{)";
    for (int i = 0; i < 100'000; ++i) wide += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":1";
    EXPECT_EQ(house.answer("/v1/completions", wide + "}}")->status(), 400);
    EXPECT_EQ(house.answer("/v1/completions", "\"x\"")->status(), 400);
    EXPECT_EQ(house.answer("/v1/completions", "")->status(), 400);
    EXPECT_EQ(house.answer("/v1/completions", "{\"prompt\":\"\xC0\xAF\"}")->status(), 400);
}

TEST(HostileBodies, MillionsOfStopBytesAreRefused) {
    ApiHouse house;
    EXPECT_EQ(
        house.answer("/v1/completions", R"({"prompt":"x","stop":")" + std::string(1 << 20, 'a') + "\"}")->status(),
        400);
}

}  // namespace
}  // namespace larder::api
