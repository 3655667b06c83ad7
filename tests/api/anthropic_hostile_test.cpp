// A thousand damaged Claude Code bodies: bytes changed, and values moved, swapped and retyped within well-formed JSON. Each gets an
// answer or a 4xx in the protocol's shape.
#include "engine/api/anthropic_messages.h"
#include "tests/api/claude_code_body.h"
#include "tests/api/hostile_bodies.h"

namespace larder::api {
namespace {

TEST(AnthropicHostileBodies, NeverBreakTheServer) {
    expectDamagedBodiesToBreakNothing(
        kClaudeCodeBody, [](int i) { return i % 5 == 0 ? "/v1/messages/count_tokens" : "/v1/messages"; },
        [](const base::Json& error, const std::string& reply) {
            EXPECT_EQ(error["type"], "error") << reply;
            const base::Json& type = error["error"]["type"];
            EXPECT_TRUE(type == "invalid_request_error" || type == "not_found_error") << reply;
        });
}

TEST(AnthropicHostileBodies, WhatIsReadIsInOpenAiForm) {
    expectDamagedBodiesToBeReadInOpenAiForm(
        kClaudeCodeBody, [] { return std::make_unique<AnthropicMessages>("req_1"); },
        [](const base::Json& call, const std::string& body) { EXPECT_TRUE(call["function"]["arguments"].is_object()) << body; });
}

}  // namespace
}  // namespace larder::api
