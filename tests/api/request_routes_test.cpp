// GET /api/requests and what hangs under it.
#include "engine/api/request_routes.h"

#include <gtest/gtest.h>

#include "tests/api/api_house.h"

namespace larder::api {
namespace {

class RequestRoutesTest : public ::testing::Test {
protected:
    static RoutesSettings keyed() {
        RoutesSettings settings = ApiHouse::plainSettings();
        settings.apiKey = "secret";
        return settings;
    }
    static HttpRequest with(const std::string& method, const std::string& path) {
        return ApiHouse::request(method, path, {}, {{"authorization", "Bearer secret"}});
    }
    RequestEntry entryOf(const std::string& prompt) {
        RequestEntry entry = house.routes.requests().open("openai chat", mailbox);
        PreparedRequest request;
        request.model = "tiny";
        request.ids = byteTokens(prompt);
        request.text = makeTinyText();
        request.title = prompt;
        entry.prepared(std::move(request));
        PrefillProgress progress;
        progress.totalTokens = progress.computedTokens = prompt.size();
        progress.cachedTokens = entry.number() > 1 ? 22 : 0;
        entry.progress(progress);
        return entry;
    }

    std::shared_ptr<RequestMailbox> mailbox = std::make_shared<RequestMailbox>();
    ApiHouse house{keyed()};
};

TEST_F(RequestRoutesTest, TheListHasNumbersAndNoPrompts) {
    { RequestEntry first = entryOf("a prompt of a certain length"); }
    RequestEntry second = entryOf("a prompt of a certain width");
    const auto reply = house.answer(with("GET", "/api/requests"));
    EXPECT_EQ(reply->status(), 200);
    const base::Json requests = parsed(reply->body())["requests"];
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0]["number"], 2);
    EXPECT_EQ(requests[0]["state"], "prefilling");
    EXPECT_EQ(requests[0]["cause"], "differs");
    EXPECT_EQ(requests[0]["shared_tokens"], 22);
    EXPECT_EQ(requests[0]["closest_number"], 1);
    EXPECT_EQ(requests[0]["ended_unix_ms"], 0);
    EXPECT_EQ(requests[1]["state"], "cancelled");
    EXPECT_EQ(requests[1]["protocol"], "openai chat");
    for (const char* key : {"why", "shared_text", "known_text", "asked_text"}) EXPECT_FALSE(requests[0].contains(key)) << key;
}

TEST_F(RequestRoutesTest, OneHasItsTexts) {
    { RequestEntry first = entryOf("a prompt of a certain length"); }
    RequestEntry second = entryOf("a prompt of a certain width");
    const base::Json request = parsed(house.answer(with("GET", "/api/requests/2"))->body());
    EXPECT_EQ(request["known_text"], "length");
    EXPECT_EQ(request["asked_text"], "width");
    EXPECT_EQ(request["shared_text"], "a prompt of a certain ");
    EXPECT_EQ(request["title"], "a prompt of a certain width");
    EXPECT_EQ(request["why"], "It leaves the closest known prompt after 22 of 28 tokens: there stood \"length\", here stands \"width\".");
}

TEST_F(RequestRoutesTest, OnlyTheKeysOwnerSeesThem) {
    RequestEntry entry = entryOf("secret words");
    for (const char* path : {"/api/requests", "/api/requests/1"}) {
        const auto reply = house.answer(ApiHouse::request("GET", path));
        EXPECT_EQ(reply->status(), 401);
        EXPECT_EQ(reply->body().find("words"), std::string::npos);
    }
    EXPECT_EQ(house.answer(ApiHouse::request("POST", "/api/requests/1/cancel"))->status(), 401);
    EXPECT_TRUE(mailbox->take().empty());
}

TEST_F(RequestRoutesTest, OneThatRunsIsCancelledOnce) {
    auto entry = std::make_unique<RequestEntry>(entryOf("long"));
    const auto reply = house.answer(with("POST", "/api/requests/1/cancel"));
    EXPECT_EQ(reply->status(), 200);
    EXPECT_EQ(parsed(reply->body()), base::Json({{"number", 1}, {"cancelled", true}}));
    const auto events = mailbox->take();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_TRUE(std::holds_alternative<CancelAsked>(events[0]));
    entry.reset();
    const auto late = house.answer(with("POST", "/api/requests/1/cancel"));
    EXPECT_EQ(late->status(), 404);
    EXPECT_EQ(errorMessage(*late), "There is no request 1 that runs or waits.");
}

TEST_F(RequestRoutesTest, PathsThatNameNoRequest) {
    EXPECT_EQ(house.answer(with("GET", "/api/requests/1"))->status(), 404);
    for (const char* path : {"/api/requests/", "/api/requests/x", "/api/requests/-1", "/api/requests/1/", "/api/requests//cancel",
                             "/api/requests/1/cancel/", "/api/requests/99999999999999999999"})
        EXPECT_EQ(house.answer(with("GET", path))->status(), 404) << path;
    EXPECT_EQ(house.answer(with("GET", "/api/requests/1/cancel"))->status(), 405);
    EXPECT_EQ(house.answer(with("POST", "/api/requests/1"))->status(), 405);
    EXPECT_EQ(house.answer(with("POST", "/api/requests"))->status(), 405);
}

}  // namespace
}  // namespace larder::api
