// The verdict on every request, and that it never depends on how the bytes were cut.
#include "engine/api/http_guard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace larder::api {
namespace {

HttpLimits smallLimits() {
    HttpLimits limits;
    limits.maxHeaderBytes = 512;
    limits.maxHeaderFields = 8;
    limits.maxBodyBytes = 1000;
    return limits;
}

// Everything the guard says about a connection's bytes, fed in pieces that end at the cuts.
std::string transcript(std::string_view bytes, const std::vector<std::size_t>& cuts, const HttpLimits& limits) {
    HttpGuard guard(limits);
    std::string said;
    std::size_t at = 0;
    const auto feedUpTo = [&](std::size_t end) {
        while (at < end && guard.state() != HttpGuard::State::Refused) {
            at += guard.feed(bytes.substr(at, end - at));
            if (guard.state() != HttpGuard::State::Complete) continue;
            said += guard.isHead() ? "[HEAD " : "[";
            said += guard.keepAlive() ? "keep " : "close ";
            const HttpRequest request = guard.take();
            said += request.method + " " + request.path + "?" + request.query;
            for (const auto& [name, value] : request.headers) said += "|" + name + "=" + value;
            said += "|" + request.body + "]";
        }
    };
    for (const std::size_t cut : cuts) feedUpTo(std::min(cut, bytes.size()));
    feedUpTo(bytes.size());
    if (guard.state() == HttpGuard::State::Refused) return said + std::to_string(guard.refusal().status);
    return said + (guard.state() == HttpGuard::State::Idle ? "idle" : "more");
}

std::vector<std::size_t> everyByte(std::size_t size) {
    std::vector<std::size_t> cuts(size);
    for (std::size_t i = 0; i < size; ++i) cuts[i] = i + 1;
    return cuts;
}

std::vector<std::size_t> randomCuts(std::size_t size, std::mt19937& random) {
    std::vector<std::size_t> cuts(1 + random() % 6);
    for (std::size_t& cut : cuts) cut = random() % (size + 1);
    std::sort(cuts.begin(), cuts.end());
    return cuts;
}

std::string verdict(std::string_view bytes) {
    const HttpLimits limits = smallLimits();
    const std::string whole = transcript(bytes, {}, limits);
    EXPECT_EQ(transcript(bytes, everyByte(bytes.size()), limits), whole) << bytes;
    std::mt19937 random(7);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(transcript(bytes, randomCuts(bytes.size(), random), limits), whole) << bytes;
    return whole;
}

std::string withField(const std::string& line) {
    return verdict("POST /a HTTP/1.1\r\nHost: h\r\n" + line + "\r\n\r\n");
}
std::string withTarget(const std::string& target) {
    return verdict("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
}
std::string withChunks(const std::string& body) {
    return verdict("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
}

TEST(HttpGuard, WellFormedRequestsAreCopiedOut) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), "[keep GET /?|host=h|]idle");
    EXPECT_EQ(verdict("HEAD /x HTTP/1.1\r\nhOSt:h:80\r\n\r\n"), "[HEAD keep GET /x?|host=h:80|]idle");
    EXPECT_EQ(verdict("POST /x?a=%20 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"),
              "[keep POST /x?a=%20|host=h|content-length=3|abc]idle");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB:\t 2 \t\r\nA:\r\n\r\n"),
              "[keep GET /?|host=h|a=1|b=2|a=|]idle");
    EXPECT_EQ(verdict("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), "[keep GET /?|host=h|]idle");
    EXPECT_EQ(verdict("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), "[keep OPTIONS *?|host=h|]idle");
    EXPECT_EQ(verdict("trace / HTTP/1.1\r\nHost: h\r\n\r\n"), "[keep trace /?|host=h|]idle");
}

TEST(HttpGuard, RequestLinesThatAreRefused) {
    for (const std::string line : {"GET",
                                   "GET /",
                                   "GET / HTTP/1.1 ",
                                   "GET  / HTTP/1.1",
                                   "GET / HTTP/9.9",
                                   "GET / HTTP/2.0",
                                   "GET / http/1.1",
                                   "GET / HTTP/1.10",
                                   "GET / HTTP/1.",
                                   "G@T / HTTP/1.1",
                                   "(GET) / HTTP/1.1",
                                   " GET / HTTP/1.1",
                                   "GET /a b HTTP/1.1",
                                   "GET\t/ HTTP/1.1",
                                   "PRI * HTTP/2.0",
                                   "GET * HTTP/1.1",
                                   "GET http://h/ HTTP/1.1",
                                   "GET h:80 HTTP/1.1",
                                   "\x16\x03\x01",
                                   "GET /\x01 HTTP/1.1",
                                   "GET /\x7f HTTP/1.1",
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH / HTTP/1.1"})
        EXPECT_EQ(verdict(line + "\r\nHost: h\r\n\r\n"), "400") << line;
    EXPECT_EQ(verdict("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n"), "405");
    EXPECT_EQ(withTarget("/" + std::string(1, '\0')), "400");
}

TEST(HttpGuard, Targets) {
    EXPECT_EQ(withTarget("/%70ing"), "[keep GET /ping?|host=h|]idle");
    EXPECT_EQ(withTarget("//a/../b;c"), "[keep GET //a/../b;c?|host=h|]idle");
    EXPECT_EQ(withTarget("/%C3%A9"), "[keep GET /\xc3\xa9?|host=h|]idle");
    EXPECT_EQ(withTarget("/a?b?%zz"), "[keep GET /a?b?%zz|host=h|]idle");
    EXPECT_EQ(withTarget("/?"), "[keep GET /?|host=h|]idle");
    for (const std::string target : {"/%", "/%2", "/%zz", "/a%00b", "/%ff", "/a#b", "/\xff"})
        EXPECT_EQ(withTarget(target), "400") << target;
}

TEST(HttpGuard, FieldsThatAreRefused) {
    for (const std::string line :
         {"no colon", ": empty", "A : b", " A: b", "A: b\r\n folded", "A: b\r\n\tfolded", "A\t: b", "A: \x01",
          "A: b\x7f", "A: b\nC: d", "A: b\rC: d", "\xc3\xa9: b", "A[]: b"})
        EXPECT_EQ(withField(line), "400") << line;
    EXPECT_EQ(withField(std::string("A: \0", 4)), "400");
    EXPECT_EQ(withField("A: \xc3\xa9\xff\tx"), "[keep POST /a?|host=h|a=\xc3\xa9\xff\tx|]idle");
}

TEST(HttpGuard, BareLineFeedsAreRefused) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\nHost: h\n\n"), "400");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: h\n\r\n"), "400");
    EXPECT_EQ(verdict("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), "400");
    EXPECT_EQ(verdict("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n"), "400");
}

TEST(HttpGuard, Host) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\n\r\n"), "400");
    EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n"), "[close GET /?|]idle");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), "400");
    for (const std::string host : {"a", "a.b-c_d", "127.0.0.1:1337", "[::1]", "[::1]:80", "a:"})
        EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"), "[keep GET /?|host=" + host + "|]idle");
    for (const std::string host : {"", "a b", "a,b", "a/b", "u@a", "a:b", "a:123456", "::1", "[::1", "[]", "[g::1]",
                                   ":80", "http://a", "a?b", "[::1]x", "\xc3\xa9"})
        EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"), "400") << host;
}

TEST(HttpGuard, LengthsThatAreRefused) {
    for (const std::string length : {"-5", "+5", "abc", "18446744073709551615", "18446744073709551616", "5 5", "5, 5",
                                     "", "0x5", "5.0", "99999999999999999999999999", "9223372036854775808"})
        EXPECT_EQ(withField("Content-Length: " + length), "400") << length;
    EXPECT_EQ(withField("Content-Length: 5\r\nContent-Length: 6"), "400");
    EXPECT_EQ(withField("Content-Length: 5\r\nContent-Length: 5"), "400");
    EXPECT_EQ(withField("Content-Length: 5\r\nTransfer-Encoding: chunked"), "400");
    EXPECT_EQ(withField("Transfer-Encoding: chunked\r\nContent-Length: 5"), "400");
    EXPECT_EQ(withField("Content-Length: 9223372036854775807"), "413");
    EXPECT_EQ(withField("Content-Length: 1001"), "413");
    EXPECT_EQ(withField("Content-Length: 1000"), "more");
    EXPECT_EQ(withField("Content-Length: 0"), "[keep POST /a?|host=h|content-length=0|]idle");
    EXPECT_EQ(verdict("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0002\r\n\r\nab"),
              "[keep POST /a?|host=h|content-length=0002|ab]idle");
}

TEST(HttpGuard, EncodingsThatAreRefused) {
    for (const std::string encoding : {"gzip", "gzip, chunked", "chunked, chunked", "xchunked", "identity", "",
                                       "chunked;a=b", "\"chunked\"", "chunked,"})
        EXPECT_EQ(withField("Transfer-Encoding: " + encoding), "400") << encoding;
    EXPECT_EQ(withField("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), "400");
    EXPECT_EQ(withField("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), "400");
    EXPECT_EQ(verdict("POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), "400");
}

TEST(HttpGuard, ChunkedBodies) {
    const std::string head = "[keep POST /a?|host=h|transfer-encoding=chunked|";
    EXPECT_EQ(withChunks("0\r\n\r\n"), head + "]idle");
    EXPECT_EQ(withChunks("3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n"), head + "abc0123456789]idle");
    EXPECT_EQ(withChunks("3;a=b;c=\"d e\"\r\nabc\r\n000;x\r\n\r\n"), head + "abc]idle");
    EXPECT_EQ(withChunks("3\r\nabc\r\n0\r\n"), "more");
    EXPECT_EQ(withChunks("3e8\r\n" + std::string(1000, 'x') + "\r\n0\r\n\r\n"),
              head + std::string(1000, 'x') + "]idle");
    for (const std::string body :
         {"-5\r\n", "zz\r\n", "ffffffffffffffff\r\n", "\r\n", " 3\r\nabc", "3 \r\nabc", "0x3\r\nabc", "3\nabc",
          "3\r\nabcd\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabc\r0\r\n\r\n", "3;a\x01\r\n", "3;a\nb\r\n",
          "0\r\nTrailer: x\r\n\r\n", "0\r\n\n", "3\r\nabc\r\n\r\n", ";a\r\n", "0000000000000003\r\nabc"})
        EXPECT_EQ(withChunks(body), "400") << body;
    EXPECT_EQ(withChunks("3e9\r\n"), "413");
    EXPECT_EQ(withChunks("3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\ny"), "413");
    EXPECT_EQ(withChunks("1;" + std::string(20'000, 'a') + "\r\nx\r\n0\r\n\r\n"), "400");
}

TEST(HttpGuard, HeadLimits) {
    const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
    EXPECT_EQ(verdict("GET /" + std::string(600, 'a')), "431");
    EXPECT_EQ(verdict(start + "A: " + std::string(600, 'a')), "431");
    const std::string fits = "A: " + std::string(512 - start.size() - 7, 'a') + "\r\n\r\n";
    EXPECT_EQ(verdict(start + fits).back(), 'e') << "exactly at the limit";
    EXPECT_EQ(verdict(start + "A" + fits), "431");
    std::string seven;
    for (int i = 0; i < 7; ++i) seven += "A: b\r\n";
    EXPECT_EQ(verdict(start + seven + "\r\n").back(), 'e');
    EXPECT_EQ(verdict(start + seven + "A: b\r\n\r\n"), "431");
    std::string empty;
    for (int i = 0; i < 600; ++i) empty += "\r\n";
    EXPECT_EQ(verdict(empty), "431");
}

TEST(HttpGuard, ConnectionUpgradeAndExpect) {
    EXPECT_EQ(withField("Connection: close").substr(0, 7), "[close ");
    EXPECT_EQ(withField("Connection: x, Close").substr(0, 7), "[close ");
    EXPECT_EQ(withField("Connection: closed").substr(0, 6), "[keep ");
    EXPECT_EQ(verdict("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").substr(0, 7), "[close ");
    EXPECT_EQ(withField("Connection: Upgrade\r\nUpgrade: WebSocket"), "400");
    EXPECT_EQ(withField("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c").substr(0, 6), "[keep ");
    EXPECT_EQ(withField("Expect: the-impossible"), "417");

    HttpGuard guard{HttpLimits()};
    guard.feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(guard.state(), HttpGuard::State::Body);
    EXPECT_TRUE(guard.wantsContinue());
    guard.feed("a");
    EXPECT_FALSE(guard.wantsContinue());
}

TEST(HttpGuard, StopsAtTheEndOfEachRequest) {
    HttpGuard guard{HttpLimits()};
    const std::string one = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
    EXPECT_EQ(guard.feed(one + one), one.size());
    EXPECT_EQ(guard.state(), HttpGuard::State::Complete);
    EXPECT_EQ(guard.feed(one), 0u);
    EXPECT_EQ(guard.take().body, "ab");
    EXPECT_EQ(guard.state(), HttpGuard::State::Idle);
    EXPECT_EQ(verdict(one + one + "x"),
              "[keep POST /?|host=h|content-length=2|ab][keep POST /?|host=h|content-length=2|ab]more");
}

std::string mutated(std::string bytes, std::mt19937& random) {
    static const std::vector<std::string> kPieces = {"\r\n",
                                                     "\n",
                                                     "\r",
                                                     ":",
                                                     " ",
                                                     "\t",
                                                     "\r\n\r\n",
                                                     "0\r\n\r\n",
                                                     "Content-Length: 3\r\n",
                                                     "Transfer-Encoding: chunked\r\n",
                                                     "-",
                                                     "%",
                                                     ";",
                                                     "HTTP/1.0",
                                                     "Host: x\r\n",
                                                     "ffffffffffffffff",
                                                     std::string(1, '\0'),
                                                     "\x80",
                                                     "GET / HTTP/1.1\r\nHost: h\r\n\r\n"};
    for (std::size_t edits = 1 + random() % 4; edits > 0 && !bytes.empty(); --edits) {
        const std::size_t at = random() % bytes.size();
        switch (random() % 5) {
            case 0:
                bytes[at] = static_cast<char>(random() % 256);
                break;
            case 1:
                bytes.erase(at, 1 + random() % 8);
                break;
            case 2:
                bytes.insert(at, kPieces[random() % kPieces.size()]);
                break;
            case 3:
                bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
                break;
            default:
                bytes.resize(at);
                break;
        }
    }
    return bytes;
}

TEST(HttpGuard, TwentyThousandMutatedRequestsGetOneVerdictHoweverCut) {
    const std::vector<std::string> seeds = {
        "GET /v1/models?x=%41 HTTP/1.1\r\nHost: localhost:1337\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
        "POST /a%20b HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nhello world",
        "POST / HTTP/1.1\r\nHost: [::1]:8\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n06\r\n "
        "world\r\n0\r\n\r\n",
        "HEAD / HTTP/1.0\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"};
    const HttpLimits limits = smallLimits();
    std::mt19937 random(20260711);
    std::size_t refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::string bytes = mutated(seeds[random() % seeds.size()] + seeds[random() % seeds.size()], random);
        const std::string whole = transcript(bytes, {}, limits);
        ASSERT_EQ(transcript(bytes, everyByte(bytes.size()), limits), whole) << bytes;
        ASSERT_EQ(transcript(bytes, randomCuts(bytes.size(), random), limits), whole) << bytes;
        refused += whole.back() >= '0' && whole.back() <= '9';
    }
    EXPECT_GT(refused, 2'000u) << "the mutations no longer reach the refusals";
    EXPECT_LT(refused, 19'000u) << "the mutations no longer reach the acceptances";
}

}  // namespace
}  // namespace larder::api
