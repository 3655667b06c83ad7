// A thousand damaged bodies of a real client: each gets an answer or a 4xx in the protocol's shape, and what is read of one is a
// conversation in OpenAI's form.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>

#include "engine/api/protocol.h"
#include "tests/api/api_house.h"
#include "tests/api/damaged_body.h"

namespace larder::api {

// pathOf(i): where the i-th body goes; checkError: the reply of one that was refused.
inline void expectDamagedBodiesToBreakNothing(const std::string& good, const std::function<std::string(int)>& pathOf,
                                              const std::function<void(const base::Json&, const std::string&)>& checkError) {
    ApiHouse house;
    house.generator.setContextTokens(100'000);
    house.generator.answerWith([](const GenerationRequest&) { return answerEvents({kWorld}); });
    const auto undamaged = house.answer(pathOf(1), good);
    EXPECT_EQ(undamaged->status(), 200) << undamaged->body();
    std::mt19937 random(5);
    int accepted = 0;
    int refused = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::string body = i % 2 == 0 ? damagedBytes(good, random) : damagedValues(good, random);
        const auto reply = house.answer(pathOf(i), body);
        const int status = reply->status();
        ASSERT_TRUE(status == 200 || (status >= 400 && status < 500)) << status << " for " << body;
        EXPECT_EQ(reply->misuses(), 0);
        ++(status == 200 ? accepted : refused);
        if (status == 200) continue;
        const base::Json error = parsed(reply->body());
        ASSERT_TRUE(error["error"]["message"].is_string()) << reply->body();
        checkError(error, reply->body());
    }
    // Both sides were met, so the test tests something.
    EXPECT_GT(accepted, 200);
    EXPECT_GT(refused, 200);
}

// checkCall: a tool call of a message that was read.
inline void expectDamagedBodiesToBeReadInOpenAiForm(const std::string& good, const std::function<std::unique_ptr<Protocol>()>& protocol,
                                                    const std::function<void(const base::Json&, const std::string&)>& checkCall) {
    std::mt19937 random(6);
    int accepted = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::string body = damagedValues(good, random);
        const auto chat = protocol()->readChat(parsed(body));
        if (!chat) {
            EXPECT_FALSE(chat.error().message.empty());
            continue;
        }
        ++accepted;
        for (const base::Json& message : *chat->messages) {
            ASSERT_TRUE(message["role"].is_string() && message["content"].is_string()) << body;
            if (!message.contains("tool_calls")) continue;
            for (const base::Json& call : message["tool_calls"]) {
                ASSERT_FALSE(call["function"]["name"].get<std::string>().empty()) << body;
                checkCall(call, body);
            }
        }
        const auto tools = callableTools(*chat);
        if (!tools) continue;
        for (const base::Json& tool : *tools) ASSERT_TRUE(tool["function"]["parameters"].is_object()) << body;
    }
    EXPECT_GT(accepted, 300);
}

}  // namespace larder::api
