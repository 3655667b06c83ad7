#include "engine/api/access.h"

#include <gtest/gtest.h>

namespace larder::api {
namespace {

TEST(Access, LoopbackServersAnswerOnlyToLoopbackNames) {
    for (const char* good : {"localhost", "localhost:1337", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:1337",
                             "127.9.8.7:80", "[::1]", "[::1]:1337", "larder.localhost:80", ""})
        EXPECT_TRUE(hostIsAllowed(good, "127.0.0.1")) << good;
    for (const char* bad : {"evil.com",
                            "evil.com:1337",
                            "127.0.0.1.evil.com",
                            "localhost.evil.com",
                            "192.168.1.5",
                            "127.0.0.1:port",
                            "127.0.0.1:99999",
                            "127.1",
                            "127.0.0",
                            "0x7f.0.0.1",
                            "2130706433",
                            "::1",
                            "[::2]",
                            "[::1",
                            "[::1]x",
                            "localhost:",
                            "localhost@evil.com",
                            "evillocalhost",
                            ".localhost",
                            "127.0.0.256",
                            "127.0.0.1.1",
                            "0.0.0.0",
                            "[::ffff:127.0.0.1]"})
        EXPECT_FALSE(hostIsAllowed(bad, "127.0.0.1")) << bad;
    EXPECT_FALSE(hostIsAllowed("evil.com", "localhost"));
    EXPECT_FALSE(hostIsAllowed("evil.com", "::1"));
}

TEST(Access, OtherServersAnswerToAnyName) {
    for (const char* host : {"evil.com", "192.168.1.5:1337", "my-box"}) {
        EXPECT_TRUE(hostIsAllowed(host, "0.0.0.0"));
        EXPECT_TRUE(hostIsAllowed(host, "192.168.1.5"));
    }
}

TEST(Access, OriginMatrix) {
    struct Row {
        const char* origin;
        const char* host;
        OriginVerdict verdict;
    };
    const Row rows[] = {
        {"", "127.0.0.1:1337", OriginVerdict::Absent},
        {"http://localhost:3000", "127.0.0.1:1337", OriginVerdict::Allowed},
        {"HTTPS://LocalHost", "127.0.0.1:1337", OriginVerdict::Allowed},
        {"http://127.0.0.1:8080", "localhost", OriginVerdict::Allowed},
        {"http://[::1]:8080", "localhost", OriginVerdict::Allowed},
        {"http://my-box:1337", "my-box:1337", OriginVerdict::Allowed},
        {"http://my-box:1338", "my-box:1337", OriginVerdict::Refused},
        {"http://evil.com", "127.0.0.1:1337", OriginVerdict::Refused},
        {"https://localhost.evil.com", "127.0.0.1:1337", OriginVerdict::Refused},
        {"http://localhost@evil.com", "127.0.0.1:1337", OriginVerdict::Refused},
        {"http://127.0.0.1.evil.com", "127.0.0.1:1337", OriginVerdict::Refused},
        {"http://", "127.0.0.1:1337", OriginVerdict::Refused},
        {"http://", "", OriginVerdict::Refused},
        {"null", "127.0.0.1:1337", OriginVerdict::NeedsKey},
        {"file://", "127.0.0.1:1337", OriginVerdict::NeedsKey},
        {"tauri://localhost", "127.0.0.1:1337", OriginVerdict::NeedsKey},
        {"vscode-webview://abc", "127.0.0.1:1337", OriginVerdict::NeedsKey},
    };
    for (const Row& row : rows) EXPECT_EQ(judgeOrigin(row.origin, row.host), row.verdict) << row.origin;
}

TEST(Access, KeyMatrix) {
    const auto with = [](HttpHeaders headers) {
        HttpRequest request;
        request.headers = std::move(headers);
        return request;
    };
    for (const auto& headers : {HttpHeaders{{"authorization", "Bearer secret"}},
                                HttpHeaders{{"authorization", "bearer  secret"}}, HttpHeaders{{"x-api-key", "secret"}},
                                HttpHeaders{{"authorization", "Bearer other"}, {"x-api-key", "secret"}}})
        EXPECT_TRUE(keyIsValid(with(headers), "secret"));
    for (const auto& headers :
         {HttpHeaders{}, HttpHeaders{{"authorization", "secret"}}, HttpHeaders{{"authorization", "Basic secret"}},
          HttpHeaders{{"authorization", "Bearer secre"}}, HttpHeaders{{"authorization", "Bearer secrets"}},
          HttpHeaders{{"authorization", "Bearer Secret"}}, HttpHeaders{{"authorization", "Bearer"}},
          HttpHeaders{{"x-api-key", ""}}, HttpHeaders{{"x-api-key", "Bearer secret"}}})
        EXPECT_FALSE(keyIsValid(with(headers), "secret"));
    EXPECT_TRUE(keyIsValid(with({}), ""));
}

TEST(Access, PreflightEchoesOnlyHarmlessHeaderNames) {
    const auto allowed = [](const std::string& wanted) {
        HttpRequest request;
        request.headers = {{"access-control-request-headers", wanted}};
        for (const auto& [name, value] : preflightHeaders(request, "POST"))
            if (name == "Access-Control-Allow-Headers") return value;
        return std::string();
    };
    EXPECT_EQ(allowed("authorization, x-stainless-os"), "authorization, x-stainless-os");
    EXPECT_EQ(allowed("a\r\nSet-Cookie: x"), "authorization, content-type, x-api-key");
    EXPECT_EQ(allowed(std::string(5000, 'a')), "authorization, content-type, x-api-key");
    EXPECT_EQ(allowed(""), "authorization, content-type, x-api-key");
}

}  // namespace
}  // namespace larder::api
