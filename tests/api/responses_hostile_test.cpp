// A thousand damaged Codex bodies: each gets an answer or a 4xx in OpenAI's shape.
#include "engine/api/openai_responses.h"
#include "tests/api/codex_body.h"
#include "tests/api/hostile_bodies.h"

namespace larder::api {
namespace {

TEST(ResponsesHostileBodies, NeverBreakTheServer) {
    expectDamagedBodiesToBreakNothing(
        kCodexBody, [](int) { return "/v1/responses"; },
        [](const base::Json& error, const std::string& reply) { EXPECT_EQ(error["error"]["type"], "invalid_request_error") << reply; });
}

TEST(ResponsesHostileBodies, WhatIsReadIsInOpenAiForm) {
    expectDamagedBodiesToBeReadInOpenAiForm(
        kCodexBody, [] { return std::make_unique<OpenAiResponses>(); },
        [](const base::Json& call, const std::string& body) { EXPECT_FALSE(call["id"].get<std::string>().empty()) << body; });
}

}  // namespace
}  // namespace larder::api
