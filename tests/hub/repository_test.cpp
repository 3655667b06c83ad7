#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/json.h"
#include "engine/hub.h"
#include "engine/hub/hf_client.h"
#include "tests/hub/canned_server.h"
#include "tests/hub/repository_pages.h"

namespace larder {
namespace {

using base::Json;
using support::CannedAnswer;
using support::CannedServer;
using support::httpAnswer;
using support::kCommit;
using support::kSum;
using support::machineOf;
using support::named;
using support::pageWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const bool kNoProxyHere = ::setenv("no_proxy", "127.0.0.1,localhost", 1) == 0;

// A hub of canned pages, by target; what is not there is 404.
class CannedHub {
public:
    std::map<std::string, std::vector<std::string>> pages;  // answers in turn, the last one again and again
    std::string url() const { return m_server.url(); }
    std::vector<std::string> requests() const { return m_server.requests(); }
    HubAccess access(const std::string& token = "") const {
        HubAccess access;
        access.endpoint = url();
        access.token = token;
        return access;
    }
    Expected<Repository> list(const std::string& token = "", const std::function<bool()>& stop = {}) const {
        return listRepository(access(token), "org/name", "main", machineOf(16), stop);
    }

private:
    CannedAnswer reply(const std::string& request) {
        const std::size_t begin = request.find(' ') + 1;
        const auto found = pages.find(request.substr(begin, request.find(' ', begin) - begin));
        if (found == pages.end()) return {httpAnswer("404 Not Found", "{}")};
        std::vector<std::string>& answers = found->second;
        const std::string answer = answers.front();
        if (answers.size() > 1) answers.erase(answers.begin());
        return {answer};
    }
    CannedServer m_server{[this](const std::string& request) { return reply(request); }};
};

const std::string kPage = "/api/models/org/name/revision/main?blobs=true";

std::string goodPage() {
    return httpAnswer("200 OK", base::dumpJson(pageWith({{"m-Q8_0.gguf", 1000}})));
}

TEST(ListRepository, GoodAnswer) {
    CannedHub hub;
    hub.pages[kPage] = {goodPage()};
    const auto repository = hub.list("hf_secret");
    ASSERT_TRUE(repository.ok()) << repository.error().message;
    EXPECT_EQ(repository->id, "org/name");
    EXPECT_EQ(repository->commit, kCommit);
    EXPECT_EQ(repository->pageUrl, hub.url() + "/org/name");
    ASSERT_EQ(repository->choices.size(), 1u);
    EXPECT_EQ(repository->choices[0].files[0].sha256, kSum);
    EXPECT_EQ(repository->choices[0].fit.verdict, Fit::Good);
    EXPECT_THAT(hub.requests().at(0), HasSubstr("Bearer hf_secret"));
}

TEST(ListRepository, RefusesNamesThatAreNone) {
    CannedHub hub;
    for (const char* id : {"name", "../..", "a/b/c", "org/na me", ""})
        EXPECT_EQ(listRepository(hub.access(), id, "main", machineOf(8)).error().code, ErrorCode::InvalidArgument)
            << id;
    EXPECT_EQ(listRepository(hub.access(), "a/b", "../x", machineOf(8)).error().code, ErrorCode::InvalidArgument);
    EXPECT_THAT(hub.requests(), IsEmpty());
}

TEST(ListRepository, BusyHubIsAskedAgain) {
    CannedHub hub;
    hub.pages[kPage] = {httpAnswer("503 Service Unavailable", "busy", "Retry-After: 0\r\n"), goodPage()};
    const auto repository = hub.list();
    ASSERT_TRUE(repository.ok()) << repository.error().message;
    EXPECT_EQ(hub.requests().size(), 2u);
}

TEST(ListRepository, StopEndsThePauseBetweenTries) {
    CannedHub hub;
    hub.pages[kPage] = {httpAnswer("429 Too Many Requests", "", "Retry-After: 50\r\n")};
    int asked = 0;
    const auto repository = hub.list("", [&] { return !hub.requests().empty() && ++asked > 3; });
    ASSERT_FALSE(repository.ok());
    EXPECT_EQ(repository.error().code, ErrorCode::Cancelled);
    EXPECT_EQ(hub.requests().size(), 1u);
}

TEST(ListRepository, LongRetryAfterIsNotWaitedFor) {
    CannedHub hub;
    hub.pages[kPage] = {httpAnswer("429 Too Many Requests", "", "Retry-After: 3000\r\n")};
    const auto repository = hub.list();
    EXPECT_EQ(repository.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(hub.requests().size(), 1u);
}

TEST(ListRepository, FinalErrorsAreNotRetried) {
    CannedHub hub;
    EXPECT_EQ(hub.list().error().code, ErrorCode::NotFound);
    hub.pages[kPage] = {httpAnswer("403 Forbidden", "", "X-Error-Code: GatedRepo\r\n")};
    const auto gated = hub.list("hf_secret");
    EXPECT_EQ(gated.error().code, ErrorCode::PermissionDenied);
    EXPECT_THAT(gated.error().message, HasSubstr(hub.url() + "/org/name"));
    EXPECT_EQ(hub.requests().size(), 2u);
}

TEST(ListRepository, StaleTokenIsLeftOut) {
    CannedHub hub;
    hub.pages[kPage] = {
        httpAnswer("401 Unauthorized", "", "X-Error-Message: Invalid credentials in Authorization header\r\n"),
        goodPage()};
    const auto repository = hub.list("hf_stale");
    ASSERT_TRUE(repository.ok()) << repository.error().message;
    ASSERT_EQ(hub.requests().size(), 2u);
    EXPECT_THAT(hub.requests()[0], HasSubstr("hf_stale"));
    EXPECT_THAT(hub.requests()[1], Not(HasSubstr("hf_stale")));

    hub.pages[kPage] = {httpAnswer("401 Unauthorized", ""),
                        httpAnswer("401 Unauthorized", "", "X-Error-Code: RepoNotFound\r\n")};
    const auto hidden = hub.list("hf_stale");
    EXPECT_EQ(hidden.error().code, ErrorCode::PermissionDenied);
    EXPECT_THAT(hidden.error().message, HasSubstr("refuses the token"));
    EXPECT_THAT(hidden.error().message, HasSubstr("or it is private"));
}

TEST(ListRepository, RenamedRepositoryIsFollowed) {
    CannedHub hub;
    hub.pages[kPage] = {
        httpAnswer("307 Temporary Redirect", "", "Location: /api/models/new/name/revision/main?blobs=true\r\n")};
    Json page = pageWith({{"m-Q8_0.gguf", 1000}});
    page["id"] = "new/name";
    hub.pages["/api/models/new/name/revision/main?blobs=true"] = {httpAnswer("200 OK", base::dumpJson(page))};
    EXPECT_EQ(hub.list()->id, "new/name");
}

TEST(ListRepository, RedirectElsewhereGoesWithoutTheToken) {
    CannedHub other;
    other.pages["/page"] = {goodPage()};
    CannedHub hub;
    hub.pages[kPage] = {httpAnswer("302 Found", "", "Location: " + other.url() + "/page\r\n")};
    ASSERT_TRUE(hub.list("hf_secret").ok());
    EXPECT_THAT(hub.requests().at(0), HasSubstr("hf_secret"));
    EXPECT_THAT(other.requests().at(0), Not(HasSubstr("hf_secret")));
}

TEST(ListRepository, RedirectsInACircleEnd) {
    CannedHub hub;
    hub.pages[kPage] = {httpAnswer("302 Found", "", "Location: " + kPage + "\r\n")};
    EXPECT_EQ(hub.list().error().code, ErrorCode::Unavailable);
    EXPECT_EQ(hub.requests().size(), 11u);
}

TEST(ListRepository, MirrorsWithoutSizesAreAskedForTheTree) {
    CannedHub hub;
    hub.pages[kPage] = {
        httpAnswer("200 OK", R"({"id":"org/name","sha":")" + kCommit +
                                 R"(","siblings":[{"rfilename":"m-Q8_0.gguf"},{"rfilename":"config.json"}]})")};
    const std::string tree = "/api/models/org/name/tree/" + kCommit + "?recursive=true";
    hub.pages[tree] = {httpAnswer("200 OK",
                                  R"([{"type":"directory","path":"sub","size":0},
        {"type":"file","path":"m-Q8_0.gguf","size":1000,"oid":"1","lfs":{"oid":")" +
                                      kSum + R"(","size":1000,"pointerSize":133}}])",
                                  "Link: <" + hub.url() + tree + "&cursor=x%3D>; rel=\"next\"\r\n")};
    hub.pages[tree + "&cursor=x%3D"] = {
        httpAnswer("200 OK", R"([{"type":"file","path":"sub/n-Q4_0.gguf","size":500}])")};
    const auto repository = hub.list();
    ASSERT_TRUE(repository.ok()) << repository.error().message;
    EXPECT_EQ(named(repository->choices, "Q8_0").bytes, 1000u);
    EXPECT_EQ(named(repository->choices, "Q8_0").files[0].sha256, kSum);
    EXPECT_EQ(named(repository->choices, "Q4_0").bytes, 500u);
}

TEST(ListRepository, AnswersThatCannotBeRead) {
    CannedHub hub;
    hub.pages[kPage] = {httpAnswer("200 OK", "{\"id\": ")};
    EXPECT_EQ(hub.list().error().code, ErrorCode::Corrupt);
    hub.pages[kPage] = {httpAnswer("200 OK", "<html>log in", "Content-Type: text/html\r\n")};
    EXPECT_EQ(hub.list().error().code, ErrorCode::Corrupt);
    EXPECT_THAT(hub.list().error().message, HasSubstr("log in first?"));
    hub.pages[kPage] = {httpAnswer("200 OK", std::string(200'000, '['))};
    EXPECT_EQ(hub.list().error().code, ErrorCode::Corrupt);
    Json page = pageWith({});
    page["sha"] = "main";
    hub.pages[kPage] = {httpAnswer("200 OK", base::dumpJson(page))};
    EXPECT_EQ(hub.list().error().code, ErrorCode::Corrupt) << "without a commit a download could mix two versions";
    hub.pages[kPage] = {httpAnswer("200 OK", std::string(33 * 1024 * 1024, ' '))};
    EXPECT_EQ(hub.list().error().code, ErrorCode::Corrupt);
    EXPECT_THAT(hub.list().error().message, HasSubstr("32 MB"));
}

TEST(ListRepository, EmptyRepository) {
    CannedHub hub;
    hub.pages[kPage] = {httpAnswer("200 OK", base::dumpJson(pageWith({})))};
    const auto repository = hub.list();
    ASSERT_TRUE(repository.ok());
    EXPECT_THAT(repository->choices, IsEmpty());
}

TEST(SearchRepositories, ReadsWhatMakesSense) {
    CannedHub hub;
    const std::string target =
        "/api/models?search=smol%20lm%2F2%26x&filter=gguf&sort=downloads&direction=-1&limit=3"
        "&expand%5B%5D=downloads&expand%5B%5D=likes&expand%5B%5D=gated&expand%5B%5D=lastModified";
    hub.pages[target] = {httpAnswer("200 OK", R"([
        {"id":"a/b","downloads":1234,"likes":5,"gated":"auto","lastModified":"2026-03-01T10:00:00.000Z"},
        {"id":"../evil"}, {"id":7}, 5, {"modelId":"c/d","downloads":-3,"lastModified":"yesterday and so on"}, {"id":"e/f"}, {"id":"g/h"}])")};
    const auto results = searchRepositories(hub.access(), "smol lm/2&x", 3);
    ASSERT_TRUE(results.ok()) << results.error().message << hub.requests().at(0);
    ASSERT_EQ(results->size(), 3u);
    EXPECT_EQ((*results)[0].id, "a/b");
    EXPECT_EQ((*results)[0].downloads, 1234u);
    EXPECT_EQ((*results)[0].likes, 5u);
    EXPECT_TRUE((*results)[0].gated);
    EXPECT_EQ((*results)[0].updated, "2026-03-01");
    EXPECT_EQ((*results)[1].id, "c/d");
    EXPECT_EQ((*results)[1].downloads, 0u);
    EXPECT_EQ((*results)[1].updated, "");
    EXPECT_EQ((*results)[2].id, "e/f");
}

TEST(HfClient, NextLink) {
    EXPECT_EQ(hub::nextLink("<https://a/x?cursor=1>; rel=\"next\""), "https://a/x?cursor=1");
    EXPECT_EQ(hub::nextLink("<https://a/1>; rel=\"prev\", </2>; rel=\"next\""), "/2");
    for (const char* odd : {"", "<", "<x", "<x>", "x; rel=\"next\"", "<x>; rel=\"prev\"", "<<>>"})
        EXPECT_EQ(hub::nextLink(odd), "") << odd;
}

}  // namespace
}  // namespace larder
