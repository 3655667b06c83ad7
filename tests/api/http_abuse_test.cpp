// The live server against broken, hostile and careless clients (qt.md §1.2): each refused, timed out or contained,
// while others go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/api/http_test_server.h"

namespace larder::api {
namespace {

using std::chrono::milliseconds;
using support::eventTexts;
using support::eventually;
using support::getRequest;
using support::HttpTestServer;
using support::postRequest;
using support::RawHttpClient;
using support::RawHttpReply;
using ::testing::HasSubstr;

TEST(HttpAbuse, MalformedRequestsGet400AndTheEnd) {
    HttpTestServer server;
    const std::string smuggled = getRequest("/ping");
    for (const std::string bytes :
         {"garbage\r\n\r\n",
          "GET /ping\r\n\r\n",
          "GET /ping HTTP/9.9\r\nHost: h\r\n\r\n",
          "GET /ping HTTP/1.1\r\n\r\n",
          "GET http://h/ping HTTP/1.1\r\nHost: h\r\n\r\n",
          "GET /ping HTTP/1.1\r\nHost: a b\r\n\r\n",
          "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n",
          "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n",
          "GET /ping HTTP/1.1\nHost: h\n\n",
          "GET /ping HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n",
          "GET /ping HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",
          "GET /ping HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
          "GET /ping HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: abc\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
          "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nTrailer: x\r\n\r\n",
          "\x16\x03\x01\x02\x00"})
        EXPECT_EQ(server.statusThenClosed(bytes + smuggled), 400) << bytes;
    EXPECT_EQ(server.statusThenClosed("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n" + smuggled), 405);
    EXPECT_EQ(server.handled(), 0u) << "something was smuggled past the guard";
    EXPECT_TRUE(server.settles());
}

TEST(HttpAbuse, BytesBeyondABodyAreTheNextRequest) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\n\r\n{\"a\": 1}\r\n\r\n");
    EXPECT_EQ(client.readReply().body, "");
    EXPECT_EQ(client.readReply().status, 400);
    EXPECT_EQ(server.handled(), 1u);
}

TEST(HttpAbuse, OversizedHeadsAndBodies) {
    HttpTestServer server;
    EXPECT_EQ(server.statusThenClosed("GET /" + std::string(70'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), 431);
    EXPECT_EQ(server.statusThenClosed(getRequest("/ping", "A: " + std::string(200'000, 'a') + "\r\n")), 431);
    std::string fields;
    for (int i = 0; i < 100; ++i) fields += "A: b\r\n";
    EXPECT_EQ(server.statusThenClosed(getRequest("/ping", fields)), 431);
    fields.resize(fields.size() - 6);
    EXPECT_EQ(server.ask(getRequest("/ping", fields)).status, 200) << "exactly one hundred, with Host";
    EXPECT_EQ(server.statusThenClosed("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 200000000\r\n\r\n"), 413);
    EXPECT_EQ(
        server.statusThenClosed("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4000001\r\n"),
        413);
    EXPECT_EQ(server.handled(), 1u);
}

TEST(HttpAbuse, TheRefusalIsReadableBehindALargeUpload) {
    HttpLimits limits;
    limits.maxBodyBytes = 1000;
    HttpTestServer server(limits);
    RawHttpClient client = server.client();
    client.send(postRequest("/echo", std::string(8'000'000, 'x')));
    EXPECT_EQ(client.readReply().status, 413);
}

TEST(HttpAbuse, ManyUploadsTogetherAreBounded) {
    HttpLimits limits;
    limits.maxBufferedBytes = 1'000'000;
    HttpTestServer server(limits);
    const std::string most = postRequest("/echo", std::string(900'000, 'x'));
    RawHttpClient first = server.client();
    first.send(most.substr(0, most.size() - 1));
    RawHttpClient second = server.client();
    second.send(most.substr(0, most.size() - 1));
    // Which of them is one too many depends on timing.
    ASSERT_TRUE(eventually([&] { return first.readable() || second.readable(); }));
    RawHttpClient& refused = first.readable() ? first : second;
    RawHttpClient& served = first.readable() ? second : first;
    EXPECT_EQ(refused.readReply().status, 503);
    served.send("x");
    EXPECT_EQ(served.readReply().body.size(), 900'000u);
    // What was refused, finished or left counts no more.
    first.close();
    second.close();
    EXPECT_TRUE(server.settles());
    EXPECT_EQ(server.ask(most).status, 200);
}

TEST(HttpAbuse, RunningOutOfDescriptorsIsSurvived) {
    HttpTestServer server;
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    std::vector<RawHttpClient> clients;
    clients.push_back(server.client());
    clients.back().send(getRequest("/ping"));
    EXPECT_EQ(clients.back().readReply().status, 200);
    const int next = ::dup(0);  // the lowest free number
    ::close(next);
    rlimit few = before;
    few.rlim_cur = static_cast<rlim_t>(next) + 1;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    clients.push_back(server.client());  // takes the last descriptor; the server has none to accept it with
    clients.back().send(getRequest("/ping"));
    clients.front().send(getRequest("/ping"));
    EXPECT_EQ(clients.front().readReply().status, 200);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(clients.back().readReply().status, 200);
}

TEST(HttpAbuse, ByteByByte) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    const std::string bytes =
        "\r\n" + postRequest("/echo", "abc") +
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;e\r\nde\r\n1\r\nf\r\n0\r\n\r\n";
    for (const char byte : bytes) ASSERT_TRUE(client.send({&byte, 1}));
    EXPECT_EQ(client.readReply().body, "abc");
    EXPECT_EQ(client.readReply().body, "def");
}

TEST(HttpAbuse, RandomlySplitPipelinesAreAnsweredInOrder) {
    HttpTestServer server;
    std::mt19937 random(11);
    for (int round = 0; round < 150; ++round) {
        std::string bytes;
        std::vector<std::string> expected;
        for (std::size_t i = 0, count = 1 + random() % 6; i < count; ++i) {
            const std::string body(random() % 300, static_cast<char>('a' + i));
            switch (random() % 4) {
                case 0:
                    bytes += getRequest("/ping");
                    expected.emplace_back("pong");
                    break;
                case 1:
                    bytes += postRequest("/echo", body);
                    expected.push_back(body);
                    break;
                case 2:
                    bytes += getRequest("/events?3");
                    expected.push_back(eventTexts(3));
                    break;
                default:
                    bytes += "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
                    expected.emplace_back("ab");
            }
        }
        RawHttpClient client = server.client();
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t count = 1 + random() % 200;
            ASSERT_TRUE(client.send(std::string_view(bytes).substr(at, count)));
            at += count;
        }
        for (const std::string& body : expected) ASSERT_EQ(client.readReply().body, body) << "round " << round;
    }
    EXPECT_TRUE(server.settles());
}

TEST(HttpAbuse, AGoodRequestIsAnsweredBeforeABadOneIsRefused) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send(getRequest("/events?4") + "BAD\r\n\r\n");
    EXPECT_EQ(client.readReply().body, eventTexts(4));
    EXPECT_EQ(client.readReply().status, 400);
    EXPECT_EQ(client.readToEnd(), "");
}

TEST(HttpAbuse, SlowHeadsAndBodiesTimeOut) {
    HttpLimits limits;
    limits.headerTimeout = milliseconds(150);
    limits.bodyTimeout = milliseconds(150);
    limits.idleTimeout = milliseconds(150);
    HttpTestServer server(limits);
    EXPECT_EQ(server.statusThenClosed("GET /ping HTTP/1.1\r\nHost: h\r\n"), 408);
    EXPECT_EQ(server.statusThenClosed("P"), 408);
    EXPECT_EQ(server.statusThenClosed("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc"), 408);
    RawHttpClient silent = server.client();
    EXPECT_EQ(silent.readToEnd(), "");
    EXPECT_EQ(silent.end(), RawHttpClient::End::Closed);
    RawHttpClient idle = server.client();
    idle.send(getRequest("/ping"));
    EXPECT_EQ(idle.readReply().body, "pong");
    EXPECT_EQ(idle.readToEnd(), "");
    EXPECT_EQ(idle.end(), RawHttpClient::End::Closed);
    // Time spent by the handler is not the client's.
    RawHttpClient patient = server.client();
    patient.send(getRequest("/events?300"));
    EXPECT_EQ(patient.readReply().body, eventTexts(300));
    EXPECT_TRUE(server.settles());
}

TEST(HttpAbuse, DrippedHeadsDoNotOutliveTheirTime) {
    HttpLimits limits;
    limits.headerTimeout = milliseconds(300);
    HttpTestServer server(limits);
    RawHttpClient dripping = server.client();
    dripping.send("GET /ping HTTP/1.1\r\n");
    // A byte every few milliseconds keeps nothing alive: the whole head has one deadline.
    EXPECT_TRUE(eventually([&] { return !dripping.send("A: b\r\n") || server.server().openConnections() == 0; }));
    EXPECT_EQ(server.handled(), 0u);
}

TEST(HttpAbuse, TwoHundredSlowClientsLeaveAndOthersAreServed) {
    HttpLimits limits;
    limits.headerTimeout = milliseconds(700);
    HttpTestServer server(limits);
    std::vector<RawHttpClient> slow;
    for (int i = 0; i < 200; ++i) {
        slow.push_back(server.client());
        slow.back().send("GET / HTTP/1.1\r\nX: ");
    }
    EXPECT_EQ(server.ask(getRequest("/ping")).body, "pong");
    for (RawHttpClient& client : slow) EXPECT_THAT(client.readToEnd(), HasSubstr("HTTP/1.1 408 "));
    slow.clear();
    EXPECT_TRUE(server.settles());
}

TEST(HttpAbuse, OneConnectionTooManyGets503) {
    HttpLimits limits;
    limits.maxConnections = 3;
    HttpTestServer server(limits);
    std::vector<RawHttpClient> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(server.client());
        clients.back().send(getRequest("/ping"));
        EXPECT_EQ(clients.back().readReply().status, 200);
    }
    RawHttpClient refused = server.client();
    const RawHttpReply reply = refused.readReply();
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.header("retry-after"), "1");
    EXPECT_EQ(refused.readToEnd(), "");
    refused.close();
    std::vector<RawHttpClient> flood;
    for (int i = 0; i < 200; ++i) flood.push_back(server.client());
    for (RawHttpClient& client : clients) {
        client.send(getRequest("/ping"));
        EXPECT_EQ(client.readReply().status, 200);
    }
    flood.clear();
    clients.clear();
    EXPECT_TRUE(server.settles());
    EXPECT_EQ(server.ask(getRequest("/ping")).status, 200);
}

TEST(HttpAbuse, AClientThatNeverReadsIsDroppedAndOthersGoOn) {
    HttpLimits limits;
    limits.maxUnsentBytes = 256 * 1024;
    HttpTestServer server(limits);
    RawHttpClient deaf(server.port(), "127.0.0.1", 4096);
    deaf.send(getRequest("/hold"));
    const auto reply = server.heldReply();
    base::Mailbox<int> gone;
    reply->onClientGone([&gone] { gone.post(1); });
    reply->begin(200, {});
    const std::string piece(100'000, 'x');
    RawHttpClient other = server.client();
    ASSERT_TRUE(eventually([&] {
        reply->write(piece);
        other.send(getRequest("/ping"));
        return other.readReply().body != "pong" || !gone.take().empty();
    }));
    other.send(getRequest("/ping"));
    EXPECT_EQ(other.readReply().body, "pong");
    EXPECT_TRUE(eventually([&] { return server.server().openConnections() == 1; }));
    reply->end();
    other.close();
    EXPECT_TRUE(server.settles());
}

TEST(HttpAbuse, AClientThatPipelinesWithoutReadingIsHeldBack) {
    HttpTestServer server;
    RawHttpClient deaf(server.port(), "127.0.0.1", 4096);
    const std::size_t sent = deaf.sendUntilBlocked(postRequest("/echo", std::string(1000, 'x')));
    EXPECT_LT(sent, 64u << 20) << "the server reads on and on";
    EXPECT_EQ(server.ask(getRequest("/ping")).body, "pong");
    deaf.close();
    EXPECT_TRUE(server.settles());
}

TEST(HttpAbuse, ALargeReplyToAReaderIsNotAnUnsentOne) {
    HttpLimits limits;
    limits.maxUnsentBytes = 1000;
    HttpTestServer server(limits);
    const std::string body(20'000'000, 'x');
    RawHttpClient client = server.client();
    client.send(postRequest("/echo", body));
    const RawHttpReply reply = client.readReply();
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(reply.body, body);
}

}  // namespace
}  // namespace larder::api
