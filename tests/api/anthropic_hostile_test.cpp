// A thousand damaged Claude Code bodies: bytes changed, and values moved, swapped and retyped within well-formed JSON. Each gets an
// answer or a 4xx in the protocol's shape.
#include <gtest/gtest.h>

#include <random>

#include "engine/api/anthropic_messages.h"
#include "tests/api/api_house.h"
#include "tests/api/claude_code_body.h"
#include "tests/api/damaged_body.h"

namespace larder::api {
namespace {

TEST(AnthropicHostileBodies, NeverBreakTheServer) {
    ApiHouse house;
    house.generator.setContextTokens(100'000);
    house.generator.answerWith([](const GenerationRequest&) { return answerEvents({kWorld}); });
    std::mt19937 random(5);
    int accepted = 0;
    int refused = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::string body = i % 2 == 0 ? damagedBytes(kClaudeCodeBody, random) : damagedValues(kClaudeCodeBody, random);
        const auto reply = house.answer(i % 5 == 0 ? "/v1/messages/count_tokens" : "/v1/messages", body);
        const int status = reply->status();
        ASSERT_TRUE(status == 200 || (status >= 400 && status < 500)) << status << " for " << body;
        EXPECT_EQ(reply->misuses(), 0);
        ++(status == 200 ? accepted : refused);
        if (status == 200) continue;
        const base::Json error = parsed(reply->body());
        ASSERT_TRUE(error["type"] == "error" && error["error"]["message"].is_string()) << reply->body();
        EXPECT_TRUE(error["error"]["type"] == "invalid_request_error" || error["error"]["type"] == "not_found_error") << reply->body();
    }
    // Both sides were met, so the test tests something.
    EXPECT_GT(accepted, 200);
    EXPECT_GT(refused, 200);
}

TEST(AnthropicHostileBodies, WhatIsReadIsInOpenAiForm) {
    std::mt19937 random(6);
    int accepted = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::string body = damagedValues(kClaudeCodeBody, random);
        const auto chat = AnthropicMessages("req_1").readChat(parsed(body));
        if (!chat) {
            EXPECT_FALSE(chat.error().message.empty());
            continue;
        }
        ++accepted;
        for (const base::Json& message : *chat->messages) {
            ASSERT_TRUE(message["role"].is_string() && message["content"].is_string()) << body;
            if (!message.contains("tool_calls")) continue;
            for (const base::Json& call : message["tool_calls"]) {
                ASSERT_TRUE(call["function"]["arguments"].is_object()) << body;
                ASSERT_FALSE(call["function"]["name"].get<std::string>().empty()) << body;
            }
        }
        const auto tools = callableTools(*chat);
        if (!tools) continue;
        for (const base::Json& tool : *tools) ASSERT_TRUE(tool["function"]["parameters"].is_object()) << body;
    }
    EXPECT_GT(accepted, 300);
}

}  // namespace
}  // namespace larder::api
