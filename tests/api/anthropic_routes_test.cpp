// The Anthropic routes from path to reply: answers, counting, models, and errors in its shape wherever they are made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/api/error_shape.h"
#include "tests/api/api_house.h"
#include "tests/api/claude_code_body.h"
#include "tests/support/raw_http_client.h"

namespace larder::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kHiBody = R"({"model":"tiny","max_tokens":16,"messages":[{"role":"user","content":"hi"}]})";

void expectAnthropicError(const support::RecordingReply& reply, int status, const std::string& type) {
    EXPECT_EQ(reply.status(), status) << reply.body();
    const base::Json body = parsed(reply.body());
    EXPECT_EQ(body["type"], "error") << reply.body();
    EXPECT_EQ(body["error"]["type"], type) << reply.body();
    EXPECT_FALSE(body["error"]["message"].get<std::string>().empty());
    EXPECT_THAT(reply.header("request-id"), StartsWith("req_"));
    EXPECT_EQ(body["request_id"], reply.header("request-id"));
}

TEST(AnthropicRoutes, AnswersAreCollectedOrStreamed) {
    ApiHouse house;
    house.generator.setContextTokens(100'000);
    house.generator.answerWith([](const GenerationRequest&) { return answerEvents(byteTokens("Hello")); });
    const auto whole = house.answer("/v1/messages", kHiBody);
    EXPECT_EQ(whole->status(), 200) << whole->body();
    const base::Json message = parsed(whole->body());
    EXPECT_EQ(message["content"].dump(), R"([{"type":"text","text":"Hello"}])");
    EXPECT_EQ(message["stop_reason"], "end_turn");
    EXPECT_THAT(message["id"].get<std::string>(), StartsWith("msg_"));
    EXPECT_THAT(whole->header("request-id"), StartsWith("req_"));
    EXPECT_NE(message["id"], parsed(house.answer("/v1/messages", kHiBody)->body())["id"]);

    auto request = ApiHouse::request("POST", "/v1/messages", kClaudeCodeBody);
    request.query = "beta=true";
    const auto stream = house.answer(request);
    EXPECT_EQ(stream->status(), 200);
    EXPECT_THAT(stream->body(), StartsWith("event: message_start\n"));
    EXPECT_THAT(stream->body(), HasSubstr(R"({"type":"text_delta","text":"H"})"));
    EXPECT_TRUE(stream->body().ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
    EXPECT_EQ(stream->misuses(), 0);
}

TEST(AnthropicRoutes, ErrorsHaveItsShapeWhereverTheyAreMade) {
    RoutesSettings settings = ApiHouse::plainSettings();
    settings.apiKey = "secret";
    settings.maxRequests = 1;
    ApiHouse house(settings);
    const HttpHeaders key{{"x-api-key", "secret"}};
    const auto ask = [&](const char* method, const char* path, const std::string& body = kHiBody) {
        return house.answer(ApiHouse::request(method, path, body, key));
    };
    expectAnthropicError(*house.answer(ApiHouse::request("POST", "/v1/messages", kHiBody)), 401, "authentication_error");
    expectAnthropicError(*house.answer(ApiHouse::request("GET", "/v1/models", "", {{"anthropic-version", "2023-06-01"}})), 401,
                         "authentication_error");
    expectAnthropicError(*ask("POST", "/v1/messages/batches"), 404, "not_found_error");
    expectAnthropicError(*ask("GET", "/v1/messages"), 405, "invalid_request_error");
    expectAnthropicError(*ask("POST", "/v1/messages", "{"), 400, "invalid_request_error");
    expectAnthropicError(*ask("POST", "/v1/messages/count_tokens", "{}"), 400, "invalid_request_error");
    expectAnthropicError(*ask("POST", "/v1/messages", R"({"model":"gpt-9","max_tokens":1,"messages":[{"role":"user","content":"hi"}]})"),
                         404, "not_found_error");
    auto foreign = ApiHouse::request("POST", "/v1/messages", kHiBody, {{"origin", "https://evil.com"}});
    expectAnthropicError(*house.answer(foreign), 403, "permission_error");
    EXPECT_FALSE(parsed(ask("GET", "/v1/nothing")->body()).contains("type")) << "others keep their shape";

    while (house.routes.activeRequests() > 0) std::this_thread::yield();  // there is one place
    const auto first = house.start(ApiHouse::request("POST", "/v1/messages", kHiBody, key));
    house.generator.waitForSubmits(1);
    const auto second = ask("POST", "/v1/messages");
    expectAnthropicError(*second, 503, "overloaded_error");
    EXPECT_EQ(second->header("Retry-After"), "2");
    first->leave();
    house.generator.waitUntilNoneLives();
}

TEST(AnthropicRoutes, ErrorsOfTheEngine) {
    ApiHouse house;
    house.generator.setContextTokens(10);
    const auto tooLong = house.answer("/v1/messages", kHiBody);
    expectAnthropicError(*tooLong, 400, "invalid_request_error");
    EXPECT_THAT(errorMessage(*tooLong), ::testing::MatchesRegex("prompt is too long: [0-9]+ tokens > 10 maximum"));
    house.generator.setContextTokens(0);
    const auto image = house.answer(
        "/v1/messages",
        R"({"model":"tiny","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"x"}}]}]})");
    expectAnthropicError(*image, 400, "invalid_request_error");
    EXPECT_EQ(errorMessage(*image), "messages.0.content.0 is of type \"image\", but the model tiny reads text only.");
    house.generator.refuseWith({ErrorCode::Overloaded, "The queue is full."});
    const auto full = house.answer("/v1/messages", kHiBody);
    expectAnthropicError(*full, 503, "overloaded_error");
    EXPECT_EQ(full->header("Retry-After"), "2");
}

TEST(AnthropicRoutes, AnErrorInAStreamIsItsLastEvent) {
    ApiHouse house;
    house.generator.answerWith([](const GenerationRequest&) {
        return std::vector<GenerationEvent>{PrefillProgress{1, 0, 5}, generated(byteToken('a')), Error{ErrorCode::Unavailable, "gone"}};
    });
    const auto reply = house.answer("/v1/messages", std::string(kHiBody).insert(1, R"("stream":true,)"));
    EXPECT_EQ(reply->status(), 200);
    EXPECT_TRUE(reply->body().ends_with("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"gone\"},"
                                        "\"request_id\":\"" + reply->header("request-id") + "\"}\n\n"))
        << reply->body();
}

TEST(AnthropicRoutes, TokensAreCountedAsThePromptHasThem) {
    ApiHouse house;
    house.generator.setContextTokens(100'000);
    house.generator.answerWith([](const GenerationRequest&) { return answerEvents({}); });
    for (const std::string& body : {kHiBody, kClaudeCodeBody}) {
        const auto counted = house.answer("/v1/messages/count_tokens", body);
        ASSERT_EQ(counted->status(), 200) << counted->body();
        ASSERT_EQ(house.answer("/v1/messages", body)->status(), 200);
        EXPECT_EQ(counted->body(), "{\"input_tokens\":" + std::to_string(house.generator.requests().back().prompt.size()) + "}");
    }
    EXPECT_EQ(house.generator.requests().size(), 2u) << "counting asks no engine";
    // Without an answer to limit; and more than fits is counted too.
    house.generator.setContextTokens(4);
    EXPECT_EQ(house.answer("/v1/messages/count_tokens", R"({"model":"tiny","messages":[{"role":"user","content":"hi"}]})")->status(), 200);
}

TEST(AnthropicRoutes, ManyCountsAtOnceAreNotRefused) {
    ApiHouse house;
    std::vector<std::shared_ptr<support::RecordingReply>> replies;
    for (int i = 0; i < 27; ++i) replies.push_back(house.post("/v1/messages/count_tokens", kClaudeCodeBody));
    for (const auto& reply : replies) {
        reply->waitUntilEnded();
        EXPECT_EQ(reply->status(), 200);
        EXPECT_EQ(reply->body(), replies.front()->body());
    }
}

TEST(AnthropicRoutes, HelloNeedsNoKey) {
    RoutesSettings settings = ApiHouse::plainSettings();
    settings.apiKey = "secret";
    ApiHouse house(settings);
    const auto hello = house.answer(ApiHouse::request("GET", "/api/hello"));
    EXPECT_EQ(hello->status(), 200);
    EXPECT_EQ(hello->body(), R"({"message":"hello"})");
}

TEST(AnthropicRoutes, ModelsInItsShape) {
    ApiHouse house;
    const HttpHeaders version{{"anthropic-version", "2023-06-01"}};
    ModelInfo broken = makeModelInfo("broken");
    broken.problem = "it is truncated";
    ModelInfo named = makeModelInfo("named");
    named.family = "Named 1B";
    named.modifiedSeconds = 1767225599;
    house.generator.install(broken);
    house.generator.install(named);
    auto request = ApiHouse::request("GET", "/v1/models", "", version);
    request.query = "limit=1000";
    EXPECT_EQ(house.answer(request)->body(),
              R"({"data":[{"type":"model","id":"tiny","display_name":"tiny","created_at":"2023-11-14T22:13:20Z"},)"
              R"({"type":"model","id":"base","display_name":"base","created_at":"2023-11-14T22:13:20Z"},)"
              R"({"type":"model","id":"named","display_name":"Named 1B","created_at":"2025-12-31T23:59:59Z"}],)"
              R"("has_more":false,"first_id":"tiny","last_id":"named"})");
    EXPECT_EQ(house.answer(ApiHouse::request("GET", "/v1/models/base", "", version))->body(),
              R"({"type":"model","id":"base","display_name":"base","created_at":"2023-11-14T22:13:20Z"})");
    expectAnthropicError(*house.answer(ApiHouse::request("GET", "/v1/models/gpt-9", "", version)), 404, "not_found_error");
}

// Refused before any handler sees it, by what was read of it so far.
TEST(AnthropicRoutes, RefusalsOfTheGuardTakeTheShapeToo) {
    auto server = HttpServer::start(
        "127.0.0.1", 0, {}, [](HttpRequest, std::shared_ptr<HttpReply>) {},
        [](const HttpRequest& request, int status, const std::string& message) {
            return ErrorShape(request).body(status, message);
        });
    ASSERT_TRUE(server.ok());
    const auto refused = [&](const std::string& path) {
        support::RawHttpClient client((*server)->port());
        client.send("POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: 200000000\r\n\r\n");
        const auto reply = client.readReply();
        EXPECT_EQ(reply.status, 413);
        return parsed(reply.body)["error"]["type"].get<std::string>();
    };
    EXPECT_EQ(refused("/v1/messages?beta=true"), "request_too_large");
    EXPECT_EQ(refused("/v1/chat/completions"), "invalid_request_error");
    EXPECT_EQ(refused("/v1/messagesx"), "invalid_request_error");
}

}  // namespace
}  // namespace larder::api
