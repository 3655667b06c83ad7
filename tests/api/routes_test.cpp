// Who is let in and where requests go, without sockets.
#include "engine/api/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/api/api_house.h"

namespace larder::api {
namespace {

using ::testing::HasSubstr;

RoutesSettings keyedSettings() {
    RoutesSettings settings = ApiHouse::plainSettings();
    settings.apiKey = "secret";
    return settings;
}

int statusOf(ApiHouse& house, HttpRequest request) {
    return house.answer(std::move(request))->status();
}

TEST(Routes, KeyIsNeededEverywhereButForHealth) {
    ApiHouse house(keyedSettings());
    EXPECT_EQ(statusOf(house, ApiHouse::request("GET", "/health")), 200);
    const std::pair<const char*, const char*> paths[] = {
        {"GET", "/v1/models"},       {"GET", "/v1/models/tiny"}, {"POST", "/v1/chat/completions"},
        {"POST", "/v1/completions"}, {"POST", "/tokenize"},      {"POST", "/detokenize"},
        {"POST", "/apply-template"}, {"GET", "/nothing"}};
    for (const auto& [method, path] : paths) {
        const auto reply = house.answer(ApiHouse::request(method, path, "{}"));
        EXPECT_EQ(reply->status(), 401) << path;
        EXPECT_EQ(parsed(reply->body())["error"]["code"], "invalid_api_key");
        EXPECT_EQ(reply->header("WWW-Authenticate"), "Bearer");
        EXPECT_NE(statusOf(house, ApiHouse::request(method, path, "{}", {{"authorization", "Bearer secret"}})), 401);
        EXPECT_NE(statusOf(house, ApiHouse::request(method, path, "{}", {{"x-api-key", "secret"}})), 401);
    }
    EXPECT_EQ(house.generator.requests().size(), 0u);
}

TEST(Routes, HostAndOriginMatrix) {
    struct Row {
        const char* host;
        const char* origin;
        bool key;
        int status;
        int statusWithoutKeySetting;
    };
    const Row rows[] = {
        {"127.0.0.1:1337", "", true, 200, 200},
        {"evil.com", "", true, 403, 403},
        {"evil.com", "http://evil.com", true, 403, 403},
        {"localhost", "http://localhost:5173", true, 200, 200},
        {"localhost", "http://localhost:5173", false, 401, 200},
        {"localhost", "https://evil.com", true, 403, 403},
        {"localhost", "https://evil.com", false, 403, 403},
        {"localhost", "null", true, 200, 403},
        {"localhost", "null", false, 403, 403},
        {"localhost", "tauri://localhost", true, 200, 403},
    };
    for (const bool keySet : {true, false}) {
        ApiHouse house(keySet ? keyedSettings() : ApiHouse::plainSettings());
        for (const Row& row : rows) {
            HttpRequest request;
            request.method = "GET";
            request.path = "/v1/models";
            request.headers = {{"host", row.host}};
            if (*row.origin != '\0') request.headers.emplace_back("origin", row.origin);
            if (row.key) request.headers.emplace_back("x-api-key", "secret");
            const auto reply = house.answer(request);
            EXPECT_EQ(reply->status(), keySet ? row.status : row.statusWithoutKeySetting)
                << row.host << " " << row.origin << " " << row.key << keySet;
            const bool readable = reply->status() != 403 && *row.origin != '\0';
            EXPECT_EQ(reply->header("Access-Control-Allow-Origin"), readable ? row.origin : "");
            if (reply->status() != 200) {
                EXPECT_TRUE(parsed(reply->body())["error"]["message"].is_string());
            }
        }
    }
}

TEST(Routes, PreflightNeedsNoKeyButAnAcceptableOrigin) {
    ApiHouse house(keyedSettings());
    const auto preflight = [&](const char* origin, const char* path) {
        return house.answer(ApiHouse::request("OPTIONS", path, "",
                                              {{"origin", origin},
                                               {"access-control-request-method", "POST"},
                                               {"access-control-request-headers", "authorization,x-stainless-lang"}}));
    };
    const auto reply = preflight("http://localhost:3000", "/v1/chat/completions");
    EXPECT_EQ(reply->status(), 204);
    EXPECT_EQ(reply->body(), "");
    EXPECT_EQ(reply->header("Access-Control-Allow-Origin"), "http://localhost:3000");
    EXPECT_EQ(reply->header("Access-Control-Allow-Methods"), "POST, OPTIONS");
    EXPECT_EQ(reply->header("Access-Control-Allow-Headers"), "authorization,x-stainless-lang");
    EXPECT_EQ(preflight("null", "/v1/completions")->status(), 204);
    EXPECT_EQ(preflight("https://evil.com", "/v1/completions")->status(), 403);
    EXPECT_EQ(house.answer(ApiHouse::request("OPTIONS", "/v1/models"))->header("Allow"), "GET, HEAD, OPTIONS");
    ApiHouse open;
    EXPECT_EQ(open.answer(ApiHouse::request("OPTIONS", "/v1/models", "", {{"origin", "null"}}))->status(), 403);
}

TEST(Routes, UnknownPathsAndMethods) {
    ApiHouse house;
    for (const char* path : {"/", "/v1", "/v1/", "/v1/models/", "/v1/chat/completions/", "/V1/models", "//v1/models",
                             "/v1/embeddings", "/health/", ""})
        EXPECT_EQ(statusOf(house, ApiHouse::request("GET", path)), 404) << path;
    const auto wrong = house.answer(ApiHouse::request("GET", "/v1/chat/completions"));
    EXPECT_EQ(wrong->status(), 405);
    EXPECT_EQ(wrong->header("Allow"), "POST, OPTIONS");
    EXPECT_EQ(house.answer(ApiHouse::request("POST", "/health"))->header("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(statusOf(house, ApiHouse::request("DELETE", "/v1/models/tiny")), 405);
    EXPECT_EQ(statusOf(house, ApiHouse::request("TRACE", "/v1/models")), 405);
}

TEST(Routes, HealthTellsTheModelsStates) {
    ApiHouse house;
    const auto health = [&](std::vector<ModelState> states) {
        EngineStatus status;
        for (const ModelState state : states) status.models.emplace_back().state = state;
        house.generator.setStatus(status);
        return parsed(house.answer(ApiHouse::request("GET", "/health"))->body())["status"].get<std::string>();
    };
    EXPECT_EQ(health({}), "ok");
    EXPECT_EQ(health({ModelState::Loaded}), "ok");
    EXPECT_EQ(health({ModelState::Loaded, ModelState::Loading}), "loading");
    EXPECT_EQ(health({ModelState::Failed}), "failed");
    EXPECT_EQ(health({ModelState::Failed, ModelState::Unloaded}), "failed");
    EXPECT_EQ(health({ModelState::Failed, ModelState::Loaded}), "ok") << "others are served";
}

TEST(Routes, ModelsAreListed) {
    ApiHouse house;
    ModelInfo broken = makeModelInfo("broken");
    broken.problem = "it is truncated";
    house.generator.install(broken);  // found by the refresh that a listing does
    house.generator.setContextTokens(512);
    EngineStatus status;
    status.models.resize(2);
    status.models[0].name = "base";
    status.models[0].state = ModelState::Failed;
    status.models[0].failure = "no memory";
    status.models[1].name = "tiny";
    status.models[1].state = ModelState::Loaded;
    house.generator.setStatus(status);
    const base::Json list = parsed(house.answer(ApiHouse::request("GET", "/v1/models"))->body());
    EXPECT_EQ(list["object"], "list");
    ASSERT_EQ(list["data"].size(), 2u);
    EXPECT_EQ(list["data"][0].dump(),
              R"({"id":"tiny","object":"model","created":1700000000,"owned_by":"larder","context_length":512,)"
              R"("max_model_len":512,"trained_context_length":1000,"architecture":"llama","quantization":"Q4_1",)"
              R"("size_bytes":12345,"loaded":true,"state":"loaded"})");
    EXPECT_EQ(list["data"][1]["loaded"], false);
    EXPECT_EQ(list["data"][1]["state"], "failed");
    EXPECT_EQ(list["data"][1]["failure"], "no memory");
    EXPECT_EQ(list["unusable"].dump(), R"([{"id":"broken","problem":"it is truncated"}])");

    EXPECT_EQ(parsed(house.answer(ApiHouse::request("GET", "/v1/models/base"))->body())["id"], "base");
    const auto missing = house.answer(ApiHouse::request("GET", "/v1/models/gpt-9"));
    EXPECT_EQ(missing->status(), 404);
    EXPECT_EQ(errorMessage(*missing), "The model \"gpt-9\" does not exist; available: tiny, base.");
    EXPECT_EQ(house.answer(ApiHouse::request("GET", "/v1/models/broken"))->status(), 400);
    EXPECT_EQ(house.answer(ApiHouse::request("GET", "/v1/models//etc/passwd"))->status(), 404);
}

TEST(Routes, FullSlotsAreRefusedWithRetryAfter) {
    RoutesSettings settings = ApiHouse::plainSettings();
    settings.maxRequests = 2;
    ApiHouse house(settings);
    const std::string body = R"({"prompt":"x","stream":true})";
    const auto first = house.post("/v1/completions", body);
    const auto second = house.post("/v1/completions", body);
    EXPECT_EQ(house.routes.activeRequests(), 2u);
    const auto third = house.answer("/v1/completions", body);
    EXPECT_EQ(third->status(), 503);
    EXPECT_EQ(third->header("Retry-After"), "2");
    EXPECT_THAT(errorMessage(*third), HasSubstr("2 requests"));
    // Quick work has slots of its own.
    EXPECT_EQ(house.answer(ApiHouse::request("GET", "/v1/models"))->status(), 200);

    house.generator.waitForSubmits(2);
    first->leave();
    second->leave();
    house.generator.waitUntilNoneLives();
    // A slot is free as soon as its thread is done.
    while (house.routes.activeRequests() > 0) std::this_thread::yield();
    const auto fourth = house.post("/v1/completions", body);
    house.generator.waitForSubmits(3);
    fourth->leave();
    house.generator.waitUntilNoneLives();
}

TEST(Routes, EndOfTheServerEndsRequests) {
    auto reply = std::make_shared<support::RecordingReply>();
    auto streaming = std::make_shared<support::RecordingReply>();
    {
        ApiHouse house;
        house.routes.handle(ApiHouse::request("POST", "/v1/completions", R"({"prompt":"x"})"), reply);
        house.generator.waitForSubmits(1);
        house.routes.handle(ApiHouse::request("POST", "/v1/completions", R"({"prompt":"x","stream":true})"), streaming);
        house.generator.waitForSubmits(2);
        house.generator.send(1, PrefillProgress{0, 0, 1});
        streaming->waitUntilBegun();
    }
    EXPECT_EQ(reply->status(), 503);
    EXPECT_EQ(streaming->status(), 200);
    const auto sent = frames(streaming->body());
    ASSERT_GE(sent.size(), 2u);
    EXPECT_TRUE(sent[sent.size() - 2].contains("error"));
    EXPECT_EQ(sent.back(), "[DONE]");
}

}  // namespace
}  // namespace larder::api
