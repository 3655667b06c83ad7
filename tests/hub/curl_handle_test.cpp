#include "engine/hub/curl_handle.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <ctime>

#include "engine/hub/web_address.h"
#include "tests/hub/canned_server.h"
#include "tests/support/temp_folder.h"

namespace larder::hub {
namespace {

using support::CannedAnswer;
using support::CannedServer;
using support::httpAnswer;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

// A proxy of the machine that runs the tests must not come between.
const bool kNoProxy = ::setenv("no_proxy", "127.0.0.1,localhost", 1) == 0;

HubAccess accessTo(const std::string& endpoint, const std::string& token = "hf_secret") {
    HubAccess access;
    access.endpoint = endpoint;
    access.token = token;
    return access;
}

CannedServer::Reply always(const std::string& bytes, bool thenSilent = false) {
    return [=](const std::string&) { return CannedAnswer{bytes, thenSilent}; };
}

TEST(CurlHandle, GivesStatusHeadersAndBody) {
    CannedServer server(always(httpAnswer("200 OK", "hello", "X-Repo-Commit:  abc \r\nETag: \"e\"\r\n")));
    CurlHandle handle(accessTo(server.url()));
    EXPECT_EQ(handle.status(), 0);
    std::string body;
    long statusInBody = 0;
    handle.get(server.url() + "/file");
    handle.onBody([&](std::string_view bytes) {
        statusInBody = handle.status();
        body += bytes;
        return true;
    });
    EXPECT_EQ(handle.perform(), CURLE_OK);
    EXPECT_EQ(handle.status(), 200);
    EXPECT_EQ(statusInBody, 200) << "the headers must be complete when the body begins";
    EXPECT_EQ(body, "hello");
    EXPECT_EQ(handle.header("x-repo-commit"), "abc");
    EXPECT_EQ(handle.header("etag"), "\"e\"");
    EXPECT_EQ(handle.header("absent"), "");
    const std::string request = server.requests().at(0);
    EXPECT_THAT(request, HasSubstr("GET /file HTTP/1.1\r\n"));
    EXPECT_THAT(request, HasSubstr("User-Agent: larder/"));
    EXPECT_THAT(request, HasSubstr("Accept-Encoding: identity\r\n"));
}

TEST(CurlHandle, TokenGoesToTheEndpointOnly) {
    CannedServer hub(always(httpAnswer("200 OK", "")));
    CannedServer other(always(httpAnswer("200 OK", "")));
    CurlHandle handle(accessTo(hub.url() + "/mirror"));
    const auto sentTo = [&](const std::string& url) {
        handle.get(url);
        EXPECT_EQ(handle.perform(), CURLE_OK) << url;
        return handle.sentToken();
    };
    EXPECT_TRUE(sentTo(hub.url() + "/mirror/api"));
    EXPECT_TRUE(sentTo("HTTP://" + hub.host() + "/elsewhere"));
    EXPECT_FALSE(sentTo(other.url() + "/mirror/api")) << "another port is another server";
    EXPECT_FALSE(sentTo("http://localhost:" + std::to_string(hub.port()) + "/")) << "another name is another server";
    EXPECT_TRUE(sentTo(hub.url() + "/again")) << "and it comes back for the endpoint";
    EXPECT_THAT(other.requests().at(0), Not(HasSubstr("hf_secret")));
    ASSERT_EQ(hub.requests().size(), 4u);
    for (const std::size_t i : {0u, 1u, 3u})
        EXPECT_THAT(hub.requests()[i], HasSubstr("\r\nAuthorization: Bearer hf_secret\r\n"));
    EXPECT_THAT(hub.requests()[2], Not(HasSubstr("hf_secret")));

    handle.get("https://" + hub.host() + "/");
    EXPECT_FALSE(handle.sentToken()) << "another scheme is another server";
    CurlHandle secure(accessTo("https://huggingface.co"));
    secure.get("http://huggingface.co/");
    EXPECT_FALSE(secure.sentToken());
    for (const char* url : {"https://huggingface.co.evil.example/", "https://huggingface.co@evil.example/",
                            "https://evil.example/https://huggingface.co/", "https://huggingface.co:444/",
                            "https://huggingface.co\\@evil.example/"}) {
        secure.get(url);
        EXPECT_FALSE(secure.sentToken()) << url;
    }
    secure.get("https://HuggingFace.co:443/api");
    EXPECT_TRUE(secure.sentToken());
}

TEST(CurlHandle, RangeAndHeadersAreForgottenByTheNextGet) {
    CannedServer server(always(httpAnswer("206 Partial Content", "x")));
    CurlHandle handle(accessTo(server.url()));
    handle.get(server.url() + "/1");
    handle.setRange(5, 9);
    handle.setHeader("If-Range", "\"etag\"\r\nX-Injected: yes");
    EXPECT_EQ(handle.perform(), CURLE_OK);
    handle.get(server.url() + "/2");
    EXPECT_EQ(handle.status(), 0);
    EXPECT_EQ(handle.header("content-length"), "");
    EXPECT_EQ(handle.perform(), CURLE_OK);
    EXPECT_THAT(server.requests().at(0), HasSubstr("\r\nRange: bytes=5-9\r\n"));
    EXPECT_THAT(server.requests().at(0), HasSubstr("\r\nIf-Range: \"etag\"X-Injected: yes\r\n"));
    EXPECT_THAT(server.requests().at(0), HasSubstr("Bearer hf_secret")) << "a further header keeps the first ones";
    EXPECT_THAT(server.requests().at(1), Not(HasSubstr("Range")));
}

TEST(CurlHandle, RedirectsAreNotFollowed) {
    CannedServer server(always(httpAnswer("302 Found", "", "Location: http://127.0.0.1:1/away\r\n")));
    CurlHandle handle(accessTo(server.url()));
    handle.get(server.url() + "/x");
    EXPECT_EQ(handle.perform(), CURLE_OK);
    EXPECT_EQ(handle.status(), 302);
    const auto hop = nextHop(handle);
    ASSERT_TRUE(hop.ok());
    EXPECT_EQ(*hop, "http://127.0.0.1:1/away");
}

TEST(CurlHandle, NextHopResolvesAndRefuses) {
    const std::string from = "https://huggingface.co/a/b/resolve/main/f.gguf?download=true";
    EXPECT_EQ(*nextHop(from, "/a/c/f.gguf"), "https://huggingface.co/a/c/f.gguf");
    EXPECT_EQ(*nextHop(from, "g.gguf?x=1#part"), "https://huggingface.co/a/b/resolve/main/g.gguf?x=1");
    EXPECT_EQ(*nextHop(from, "https://cdn.example/f?Signature=a%2Fb~c&Policy=_"),
              "https://cdn.example/f?Signature=a%2Fb~c&Policy=_");
    EXPECT_EQ(*nextHop(from, "//cdn.example/f"), "https://cdn.example/f");
    EXPECT_EQ(*nextHop("http://127.0.0.1:1/x", "https://cdn.example/"), "https://cdn.example/");
    for (const char* location : {"", "http://cdn.example/f", "file:///etc/passwd", "ftp://cdn.example/f", "gopher://x/",
                                 "https://", "https://user:pass@cdn.example/", "http:///x",
                                 "https://cdn.example:99999/", "javascript:alert(1)", "https://cdn.example/\x01"}) {
        const auto hop = nextHop(from, location);
        ASSERT_FALSE(hop.ok()) << location << " -> " << *hop;
        EXPECT_EQ(hop.error().code, ErrorCode::Unavailable);
    }
}

TEST(CurlHandle, OnlyWebAddressesAreFetched) {
    support::TempFolder folder;
    CurlHandle handle(accessTo("https://huggingface.co"));
    for (const std::string& url : {std::string("file:///etc/passwd"), std::string("ftp://127.0.0.1/"), std::string(""),
                                   std::string("https://"), std::string("http://user:pass@127.0.0.1:1/")}) {
        handle.get(url);
        const CURLcode code = handle.perform();
        EXPECT_NE(code, CURLE_OK) << url;
        EXPECT_FALSE(isTransient(code, 0)) << url;
        EXPECT_EQ(transferError(code, url).code, ErrorCode::InvalidArgument)
            << url << ": " << transferError(code, url).message;
    }
}

TEST(CurlHandle, EndlessHeadersEndTheTransfer) {
    CannedServer server(always("HTTP/1.1 200 OK\r\n" + [] {
        std::string lines;
        for (int i = 0; i < 20'000; ++i)
            lines += "X-Header-" + std::to_string(i) + ": " + std::string(100, 'x') + "\r\n";
        return lines;
    }()));
    CurlHandle handle(accessTo(server.url()));
    handle.get(server.url());
    EXPECT_NE(handle.perform(), CURLE_OK);
}

TEST(CurlHandle, SilentServerIsLeftWhenAskedTo) {
    CannedServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbeginning", true));
    CurlHandle handle(accessTo(server.url()));
    std::string body;
    int asked = 0;
    handle.get(server.url());
    handle.onBody([&](std::string_view bytes) {
        body += bytes;
        return true;
    });
    handle.onIdle([&] { return body.empty() || ++asked < 5; });
    EXPECT_EQ(handle.perform(), CURLE_ABORTED_BY_CALLBACK);
    EXPECT_EQ(body, "beginning");
    EXPECT_EQ(transferError(CURLE_ABORTED_BY_CALLBACK, server.url()).code, ErrorCode::Cancelled);
}

TEST(CurlHandle, SinkCanStop) {
    CannedServer server(always(httpAnswer("200 OK", std::string(1'000'000, 'x'))));
    CurlHandle handle(accessTo(server.url()));
    handle.get(server.url());
    handle.onBody([](std::string_view) { return false; });
    EXPECT_EQ(handle.perform(), CURLE_WRITE_ERROR);
}

TEST(CurlHandle, BrokenConnectionsAreTransient) {
    CannedServer hangsUp(always(""));
    CannedServer breaks(always("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
    CurlHandle handle(accessTo(hangsUp.url()));
    for (const std::string& url : {hangsUp.url(), breaks.url(), std::string("http://127.0.0.1:1/nobody-listens")}) {
        handle.get(url);
        const CURLcode code = handle.perform();
        EXPECT_NE(code, CURLE_OK) << url;
        EXPECT_TRUE(isTransient(code, handle.status())) << url << " " << curl_easy_strerror(code);
        EXPECT_EQ(transferError(code, url).code, ErrorCode::Unavailable);
        EXPECT_THAT(transferError(code, url).message, HasSubstr("127.0.0.1:"));
    }
}

TEST(CurlHandle, ProxyOfTheSettingsIsUsed) {
    CannedServer proxy(always(httpAnswer("200 OK", "{}")));
    HubAccess access = accessTo("http://hub.invalid");
    access.proxy = proxy.url();
    CurlHandle handle(access);
    handle.get("http://hub.invalid/api");
    EXPECT_EQ(handle.perform(), CURLE_OK);
    EXPECT_THAT(proxy.requests().at(0), HasSubstr("GET http://hub.invalid/api HTTP/1.1\r\n"));
}

TEST(CurlHandle, TokenIsNotShownToTheProxyOfAnEncryptedConnection) {
    CannedServer proxy(always(httpAnswer("407 Proxy Authentication Required", "")));
    HubAccess access = accessTo("https://hub.invalid");
    access.proxy = proxy.url();
    CurlHandle handle(access);
    handle.get("https://hub.invalid/api");
    EXPECT_NE(handle.perform(), CURLE_OK);
    ASSERT_FALSE(proxy.requests().empty());
    EXPECT_THAT(proxy.requests()[0], HasSubstr("CONNECT hub.invalid:443"));
    EXPECT_THAT(proxy.requests()[0], Not(HasSubstr("hf_secret")));
}

TEST(CurlHandle, UnusableCertificateFileIsNamed) {
    CannedServer server(always(""));
    HubAccess access = accessTo("https://127.0.0.1:" + std::to_string(server.port()));
    access.caFile = "/nonexistent/ca.pem";
    CurlHandle handle(access);
    handle.get(access.endpoint);
    EXPECT_EQ(handle.perform(), CURLE_SSL_CACERT_BADFILE);
    EXPECT_EQ(transferError(CURLE_SSL_CACERT_BADFILE, access.endpoint).code, ErrorCode::InvalidArgument);
}

struct StatusCase {
    std::string status;
    std::string headers;
    bool withToken;
    ErrorCode code;
    std::string words;
};

TEST(CurlHandle, StatusIsExplained) {
    const std::vector<StatusCase> cases = {
        {"401 Unauthorized", "X-Error-Code: RepoNotFound\r\n", false, ErrorCode::NotFound,
         "or it is private: check the name or enter a token"},
        {"401 Unauthorized", "X-Error-Code: GatedRepo\r\n", false, ErrorCode::PermissionDenied,
         "/org/name and enter a token"},
        {"403 Forbidden", "X-Error-Code: GatedRepo\r\n", true, ErrorCode::PermissionDenied,
         "accept its terms at http://127.0.0.1:"},
        {"401 Unauthorized", "X-Error-Message: Invalid credentials\r\n", true, ErrorCode::PermissionDenied,
         "refuses the token"},
        {"404 Not Found", "X-Error-Code: RepoNotFound\r\n", true, ErrorCode::NotFound, "your token may not read it"},
        {"404 Not Found", "X-Error-Code: RevisionNotFound\r\n", false, ErrorCode::NotFound, "no such revision"},
        {"404 Not Found", "X-Error-Code: EntryNotFound\r\n", false, ErrorCode::NotFound, "no such file"},
        {"404 Not Found", "", false, ErrorCode::NotFound, "org/name was not found"},
        {"403 Forbidden", "X-Error-Message: Access \x01to it is disabled\r\n", false, ErrorCode::PermissionDenied,
         "(Access  to it is disabled)"},
        {"429 Too Many Requests", "", false, ErrorCode::Unavailable, "busy"},
        {"503 Service Unavailable", "", false, ErrorCode::Unavailable, "(503): try again later"},
        {"418 I'm a teapot", "", false, ErrorCode::Unavailable, "418"},
    };
    for (const StatusCase& example : cases) {
        CannedServer server(always(httpAnswer(example.status, "", example.headers)));
        const HubAccess access = accessTo(server.url(), example.withToken ? "hf_secret" : "");
        CurlHandle handle(access);
        handle.get(server.url() + "/api/models/org/name");
        ASSERT_EQ(handle.perform(), CURLE_OK) << example.status;
        const Error error = statusError(handle.status(), handle, "org/name", access);
        EXPECT_EQ(error.code, example.code) << error.message;
        EXPECT_THAT(error.message, HasSubstr(example.words));
        EXPECT_THAT(error.message, Not(HasSubstr("hf_secret")));
    }
}

TEST(CurlHandle, TransientStatuses) {
    for (const long status : {408, 425, 429, 500, 502, 503, 504}) EXPECT_TRUE(isTransient(CURLE_OK, status)) << status;
    for (const long status : {200, 206, 302, 400, 401, 403, 404, 416})
        EXPECT_FALSE(isTransient(CURLE_OK, status)) << status;
    EXPECT_FALSE(isTransient(CURLE_WRITE_ERROR, 200));
    EXPECT_FALSE(isTransient(CURLE_ABORTED_BY_CALLBACK, 0));
    EXPECT_FALSE(isTransient(CURLE_PEER_FAILED_VERIFICATION, 0));
    EXPECT_TRUE(isTransient(CURLE_PARTIAL_FILE, 206));
}

TEST(CurlHandle, RetryAfter) {
    const auto asked = [](const std::string& headers) {
        CannedServer server(always(httpAnswer("429 Too Many Requests", "", headers)));
        CurlHandle handle(accessTo(server.url()));
        handle.get(server.url());
        EXPECT_EQ(handle.perform(), CURLE_OK);
        return retryAfterSeconds(handle);
    };
    EXPECT_EQ(asked(""), std::nullopt);
    EXPECT_EQ(asked("Retry-After: 7\r\n"), 7.0);
    EXPECT_EQ(asked("Retry-After: 999999999\r\n"), 3600.0);
    EXPECT_EQ(asked("Retry-After: 99999999999999999999\r\n").value_or(0) <= 3600, true);
    EXPECT_EQ(asked("Retry-After: soon\r\n"), std::nullopt);
    EXPECT_EQ(asked("Retry-After: -5\r\n").value_or(0), 0.0);
    EXPECT_EQ(asked("Retry-After: Thu, 01 Jan 2004 00:00:00 GMT\r\n"), 0.0);
}

TEST(WebAddress, ReadsAndCompares) {
    EXPECT_EQ(readWebAddress("https://HF.co")->text(), "hf.co");
    EXPECT_EQ(readWebAddress("http://[::1]:8080/x")->text(), "[::1]:8080");
    EXPECT_EQ(readWebAddress("https://a:443/")->text(), "a");
    EXPECT_EQ(readWebAddress("https://a/"), readWebAddress("https://A:443/b?c"));
    EXPECT_NE(readWebAddress("https://a/"), readWebAddress("http://a/"));
    for (const char* odd : {"", "a", "file:///x", "ftp://a/", "https://", "https://u@a/", "https://a:0x50/",
                            "http://a b/", "https://a\nb/"})
        EXPECT_EQ(readWebAddress(odd), std::nullopt) << odd;
    EXPECT_EQ(withoutQuery("https://a/b?Signature=secret"), "https://a/b");
    EXPECT_THAT(withoutQuery("https://a/" + std::string(1000, 'x')), EndsWith("..."));
}

}  // namespace
}  // namespace larder::hub
