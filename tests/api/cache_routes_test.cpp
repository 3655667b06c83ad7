// /api/cache and its verbs, over a scripted cache.
#include "engine/api/cache_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/api_house.h"
#include "tests/support/scripted_cache.h"

namespace larder::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CacheRoutes : public ::testing::Test {
protected:
    static RoutesSettings keyed() {
        RoutesSettings settings = ApiHouse::plainSettings();
        settings.apiKey = "secret";
        return settings;
    }
    void SetUp() override { house.generator.setCache(cache); }

    std::shared_ptr<support::RecordingReply> ask(const char* method, const std::string& path, const std::string& body = "") {
        return house.answer(ApiHouse::request(method, path, body, {{"x-api-key", "secret"}}));
    }

    ApiHouse house{keyed()};
    std::shared_ptr<support::ScriptedCache> cache = std::make_shared<support::ScriptedCache>();
};

TEST_F(CacheRoutes, ListTellsModelsAndPrefixes) {
    cache->tier.on = true;
    cache->tier.usedBytes = 4096;
    cache->listing.models.push_back({"tiny", "00ff", 3, 300, 100, 1, 5});
    cache->listing.prefixes.push_back({"abc", "tiny", 150, 300, 200, 7, 1, 2, true});
    const auto reply = ask("GET", "/api/cache");
    ASSERT_EQ(reply->status(), 200) << reply->body();
    const base::Json body = parsed(reply->body());
    EXPECT_EQ(body["cold_cache"]["used_bytes"], 4096);
    EXPECT_EQ(body["models"].dump(), R"([{"name":"tiny","identity":"00ff","blocks":3,"bytes":300,"pinned_bytes":100,"prefixes":1,)"
                                     R"("last_used_unix_ms":5}])");
    EXPECT_EQ(body["prefixes"].dump(), R"([{"id":"abc","model":"tiny","tokens":150,"bytes":300,"own_bytes":200,"uses":7,)"
                                       R"("created_unix_ms":1,"last_used_unix_ms":2,"pinned":true,"pinned_tokens":0}])");
}

TEST_F(CacheRoutes, VerbsReachTheCache) {
    cache->cleared = {5, 600, 1};
    EXPECT_EQ(ask("POST", "/api/cache/pin", R"({"id":"abc"})")->body(), R"({"id":"abc","pinned":true})");
    EXPECT_EQ(ask("POST", "/api/cache/pin", R"({"id":"abc","pinned":false})")->status(), 200);
    EXPECT_EQ(ask("POST", "/api/cache/clear")->body(), R"({"blocks":5,"bytes":600,"kept_pinned_blocks":1})");
    EXPECT_EQ(ask("POST", "/api/cache/clear", R"({"model":"tiny","pinned_too":true})")->status(), 200);
    EXPECT_EQ(ask("POST", "/api/cache/export", R"({"id":"abc","file":"/tmp/x"})")->body(),
              R"({"file":"/tmp/x","tokens":100,"blocks":2,"bytes":3000})");
    EXPECT_EQ(ask("POST", "/api/cache/import", R"({"file":"/tmp/x"})")->body(),
              R"({"model":"tiny","tokens":100,"blocks":2,"bytes":3000,"checked_block":1})");
    EXPECT_THAT(cache->asked(), ElementsAre("pin abc", "unpin abc", "clear \"\"", "clear \"tiny\" pinned too", "export abc /tmp/x",
                                            "import /tmp/x"));
}

TEST_F(CacheRoutes, WrongFieldsAreNamedAndChangeNothing) {
    for (const auto& [path, body, word] :
         {std::tuple("/api/cache/pin", "{}", "id"), std::tuple("/api/cache/pin", R"({"id":"a","pinned":1})", "pinned"),
          std::tuple("/api/cache/pin", R"({"id":7})", "id"), std::tuple("/api/cache/clear", R"({"model":7})", "model"),
          std::tuple("/api/cache/clear", "[]", "object"), std::tuple("/api/cache/clear", "{", "body"),
          std::tuple("/api/cache/export", R"({"id":"a","file":"x"})", "whole path"), std::tuple("/api/cache/export", R"({"id":"a"})", "file"),
          std::tuple("/api/cache/import", R"({"file":"/x\u0000y"})", "file"), std::tuple("/api/cache/import", "{}", "file")}) {
        const auto reply = ask("POST", path, body);
        EXPECT_EQ(reply->status(), 400) << path << body;
        EXPECT_THAT(errorMessage(*reply), HasSubstr(word));
    }
    EXPECT_THAT(cache->asked(), ElementsAre());
}

TEST_F(CacheRoutes, ErrorsHaveTheirStatus) {
    const std::pair<ErrorCode, int> rows[] = {{ErrorCode::NotFound, 404}, {ErrorCode::InvalidArgument, 400}, {ErrorCode::NoSpace, 507},
                                              {ErrorCode::Corrupt, 400},  {ErrorCode::Unavailable, 503},     {ErrorCode::Io, 500}};
    for (const auto& [code, status] : rows) {
        cache->refusal = Error{code, "because"};
        for (const char* path : {"/api/cache/pin", "/api/cache/clear", "/api/cache/verify"}) {
            const auto reply = ask("POST", path, R"({"id":"a"})");
            EXPECT_EQ(reply->status(), status);
            EXPECT_EQ(errorMessage(*reply), "because");
            EXPECT_TRUE(parsed(reply->body())["error"]["code"].is_null()) << "it is not about a model";
        }
    }
}

TEST_F(CacheRoutes, VerifyStreamsItsProgress) {
    cache->progress = {0.25, 0.5};
    cache->verified = {10, 2000, 1, true};
    const auto reply = ask("POST", "/api/cache/verify");
    EXPECT_EQ(reply->status(), 200);
    EXPECT_TRUE(reply->header("Content-Type").starts_with("text/event-stream"));
    const auto sent = frames(reply->body());
    ASSERT_GE(sent.size(), 4u);
    EXPECT_EQ(sent.front().dump(), R"({"progress":0.25})");
    EXPECT_EQ(sent[sent.size() - 3].dump(), R"({"progress":1.0})");
    EXPECT_EQ(sent[sent.size() - 2].dump(), R"({"result":{"blocks":10,"bytes":2000,"bad_blocks":1,"complete":true}})");
    EXPECT_EQ(sent.back(), "[DONE]");
    EXPECT_EQ(reply->misuses(), 0);
}

TEST_F(CacheRoutes, VerifyEndsWhenItsClientLeaves) {
    cache->progress.assign(1000, 0.5);
    std::shared_ptr<support::RecordingReply> reply = std::make_shared<support::RecordingReply>();
    cache->whileVerifying = [reply] { reply->leave(); };
    house.routes.handle(ApiHouse::request("POST", "/api/cache/verify", "", {{"x-api-key", "secret"}}), reply);
    reply->waitUntilEnded();
    EXPECT_THAT(cache->asked(), ElementsAre("verify stopped"));
}

TEST_F(CacheRoutes, VerifyEndsWithTheServer) {
    base::Mailbox<int> verifying;
    auto own = std::make_unique<ApiHouse>(keyed());
    cache->progress.assign(10'000'000, 0.5);
    base::Mailbox<int> gate;
    cache->whileVerifying = [&] {
        verifying.post(0);
        gate.wait();
    };
    own->generator.setCache(cache);
    const auto reply = own->start(ApiHouse::request("POST", "/api/cache/verify", "", {{"x-api-key", "secret"}}));
    verifying.wait();
    base::Thread ending("ending", [&] { own.reset(); });
    while (cache->asked().empty()) gate.post(0);  // as soon as the end is known, the next report stops it
    ending.join();
    EXPECT_THAT(cache->asked(), ElementsAre("verify stopped"));
    EXPECT_TRUE(reply->ended());
}

TEST_F(CacheRoutes, OffIsSaidWithTheReason) {
    house.generator.setCache(nullptr);
    EXPECT_THAT(errorMessage(*ask("GET", "/api/cache")), HasSubstr("--cold-cache"));
    EngineStatus status;
    status.coldTier.problem = "the disk is full";
    house.generator.setStatus(status);
    const auto reply = ask("POST", "/api/cache/clear");
    EXPECT_EQ(reply->status(), 503);
    EXPECT_THAT(errorMessage(*reply), HasSubstr("the disk is full"));
}

TEST_F(CacheRoutes, WritesFilesOnlyForThoseWithAKey) {
    ApiHouse open;
    open.generator.setCache(cache);
    const auto reply = open.answer("/api/cache/export", R"({"id":"abc","file":"/tmp/x"})");
    EXPECT_EQ(open.answer("/api/cache/pin", R"({"id":"abc"})")->status(), 200);
    EXPECT_THAT(errorMessage(*reply), HasSubstr("key"));
    EXPECT_THAT(cache->asked(), ElementsAre("pin abc"));
}

}  // namespace
}  // namespace larder::api
