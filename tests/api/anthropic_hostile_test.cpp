// A thousand damaged Claude Code bodies: bytes changed, and values moved, swapped and retyped within well-formed JSON. Each gets an
// answer or a 4xx in the protocol's shape.
#include <gtest/gtest.h>

#include <random>

#include "engine/api/anthropic_messages.h"
#include "tests/api/api_house.h"
#include "tests/api/claude_code_body.h"

namespace larder::api {
namespace {

std::string damagedBytes(std::string body, std::mt19937& random) {
    static const std::string kPieces[] = {"null", "[]", "{}", "-1", "1e999", "\"", "\\ud800", "true", "[[[[", "}", ",", ":", "\xff", "\"a\"", "0"};
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
        const std::size_t at = random() % body.size();
        if (random() % 3 == 0) body.insert(at, kPieces[random() % std::size(kPieces)]);
        else if (random() % 2 == 0) body.erase(at, 1 + random() % 8);
        else body[at] = static_cast<char>(random() % 256);
    }
    return body;
}

// Some value within the document.
base::Json& anyValue(base::Json& root, std::mt19937& random) {
    base::Json* at = &root;
    while (at->is_structured() && !at->empty() && random() % 5 != 0) {
        auto next = at->begin();
        std::advance(next, static_cast<std::ptrdiff_t>(random() % at->size()));
        at = &*next;
    }
    return *at;
}

base::Json otherValue(const base::Json& old, base::Json& root, std::mt19937& random) {
    switch (random() % 10) {
        case 0: return nullptr;
        case 1: return random() % 2 == 0;
        case 2: return static_cast<std::int64_t>(random()) - 1'000'000'000;
        case 3: return 0.5;
        case 4: return "";
        case 5: return "tool_use";
        case 6: return base::Json::array({old});
        case 7: return base::Json{{"type", "text"}, {"text", old}};
        case 8: return base::Json::object();
        default: return anyValue(root, random);  // from elsewhere in the document
    }
}

std::string damagedValues(const std::string& body, std::mt19937& random) {
    base::Json json = parsed(body);
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
        base::Json& place = anyValue(json, random);
        if (&place == &json) continue;
        base::Json value = otherValue(place, json, random);
        place = std::move(value);
    }
    return json.dump();
}

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
        for (const auto& tools : {chat->tools, chat->deferredTools}) {
            if (!tools) continue;
            for (const base::Json& tool : *tools) ASSERT_TRUE(tool["function"]["parameters"].is_object()) << body;
        }
    }
    EXPECT_GT(accepted, 300);
}

}  // namespace
}  // namespace larder::api
