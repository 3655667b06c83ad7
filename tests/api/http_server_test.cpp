// What a well-behaved client sees of the live server: framing of replies, keep-alive, HEAD, HTTP/1.0, start and stop.
#include "engine/api/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/api/http_test_server.h"

namespace larder::api {
namespace {

using support::eventTexts;
using support::getRequest;
using support::HttpTestServer;
using support::postRequest;
using support::RawHttpClient;
using support::RawHttpReply;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(HttpServer, AnswersAndKeepsTheConnection) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    for (int i = 0; i < 3; ++i) {
        client.send(getRequest("/ping"));
        const RawHttpReply reply = client.readReply();
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "pong");
        EXPECT_EQ(reply.header("content-length"), "4");
        EXPECT_EQ(reply.header("content-type"), "text/plain");
        EXPECT_EQ(reply.header("connection"), "");
        EXPECT_THAT(reply.header("date"), ContainsRegex("^[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] 20[0-9][0-9] "
                                                        "[0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT$"));
    }
    EXPECT_EQ(server.server().openConnections(), 1u);
    client.close();
    EXPECT_TRUE(server.settles());
}

TEST(HttpServer, HandsTheRequestOverAsSent) {
    HttpTestServer server;
    const RawHttpReply reply = server.ask(
        "PATCH /show/%61%2Fb%20c?q=%41&r HTTP/1.1\r\nHost: h:1\r\nX-Two: 1\r\nACCEPT:  a,\tb \r\nX-Two: 2\r\n\r\n");
    EXPECT_EQ(reply.body, "PATCH\n/show/a/b c\nq=%41&r\nhost=h:1\nx-two=1\naccept=a,\tb\nx-two=2\n");
}

TEST(HttpServer, MethodsItDoesNotKnowReachTheHandlerUnchanged) {
    HttpTestServer server;
    for (const std::string method : {"TRACE", "get", "PROPFIND", "DELETE", "OPTIONS", "M-SEARCH"})
        EXPECT_THAT(server.ask(method + " /show HTTP/1.1\r\nHost: h\r\n\r\n").body, HasSubstr(method + "\n/show\n"));
    EXPECT_THAT(server.ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").body, HasSubstr("OPTIONS\n*\n"));
}

TEST(HttpServer, HeadIsGetWithoutABody) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send("HEAD /ping HTTP/1.1\r\nHost: h\r\n\r\n" + getRequest("/ping"));
    const RawHttpReply head = client.readReply(true);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("content-length"), "4");
    const RawHttpReply next = client.readReply();  // a body sent by mistake would stand in front of it
    EXPECT_EQ(next.body, "pong");
    client.send("HEAD /events?3 HTTP/1.1\r\nHost: h\r\n\r\n" + getRequest("/ping"));
    EXPECT_EQ(client.readReply(true).status, 200);
    EXPECT_EQ(client.readReply().body, "pong");
}

TEST(HttpServer, HalfAHandlersFieldsAreTheServersOwn) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send(getRequest("/hold"));
    server.heldReply()->send(201,
                             {{"content-length", "999"},
                              {"Transfer-Encoding", "chunked"},
                              {"X-A", "b\r\nX-Evil: 1"},
                              {"X B", "c"},
                              {"Connection", "close"}},
                             "body");
    const RawHttpReply reply = client.readReply();
    EXPECT_THAT(reply.head, HasSubstr("HTTP/1.1 201 Created\r\n"));
    EXPECT_EQ(reply.header("content-length"), "4");
    EXPECT_EQ(reply.header("transfer-encoding"), "");
    EXPECT_EQ(reply.header("x-evil"), "");
    EXPECT_EQ(reply.header("x-a"), "b  X-Evil: 1");
    EXPECT_THAT(reply.head, Not(HasSubstr("X B")));
    EXPECT_EQ(reply.header("connection"), "close");
    EXPECT_EQ(client.readToEnd(), "");
    EXPECT_EQ(client.end(), RawHttpClient::End::Closed);
}

TEST(HttpServer, NoContentHasNeitherBodyNorLength) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send(getRequest("/hold"));
    server.heldReply()->send(204, {}, "not sent");
    const RawHttpReply reply = client.readReply();
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.header("content-length"), "");
    client.send(getRequest("/ping"));
    EXPECT_EQ(client.readReply().body, "pong");
}

TEST(HttpServer, ConnectionCloseIsHonoured) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send(getRequest("/ping", "Connection: close\r\n") + getRequest("/ping"));
    const RawHttpReply reply = client.readReply();
    EXPECT_EQ(reply.body, "pong");
    EXPECT_EQ(reply.header("connection"), "close");
    EXPECT_EQ(client.readToEnd(), "") << "what follows is not answered";
    EXPECT_EQ(client.end(), RawHttpClient::End::Closed);
    EXPECT_EQ(server.handled(), 1u);
}

TEST(HttpServer, OldHttpIsAnsweredAndClosed) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send("GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(client.readToEnd(), HasSubstr("\r\n\r\npong"));
    EXPECT_EQ(client.end(), RawHttpClient::End::Closed);

    RawHttpClient streaming = server.client();
    streaming.send("GET /events?5 HTTP/1.0\r\n\r\n");
    const RawHttpReply stream = streaming.readReply();
    EXPECT_EQ(stream.header("transfer-encoding"), "");
    EXPECT_EQ(stream.body, eventTexts(5));
    EXPECT_TRUE(stream.complete);
}

TEST(HttpServer, StreamsInChunks) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    for (int i = 0; i < 2; ++i) {
        client.send(getRequest("/events?20"));
        const RawHttpReply reply = client.readReply();
        EXPECT_EQ(reply.header("transfer-encoding"), "chunked");
        EXPECT_EQ(reply.header("content-length"), "");
        EXPECT_EQ(reply.body, eventTexts(20));
        EXPECT_TRUE(reply.complete);
    }
}

TEST(HttpServer, EveryWriteArrivesBeforeTheNextIsMade) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send(getRequest("/hold"));
    const auto reply = server.heldReply();
    reply->begin(200, {});
    EXPECT_THAT(client.readUntil("\r\n\r\n"), HasSubstr("200 OK"));
    for (const std::string piece : {"a", "bb", "ccc"}) {
        reply->write(piece);
        EXPECT_EQ(client.readUntil(piece + "\r\n"), std::to_string(piece.size()) + "\r\n" + piece + "\r\n");
    }
    reply->write("");  // must not end the stream
    reply->write("d");
    reply->end();
    reply->end();
    EXPECT_EQ(client.readUntil("0\r\n\r\n"), "1\r\nd\r\n0\r\n\r\n");
}

TEST(HttpServer, BodiesArriveWhole) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    std::string body(3'000'000, ' ');
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761u >> 13);
    client.send(postRequest("/echo", body));
    EXPECT_EQ(client.readReply().body, body);

    std::string chunked;
    for (std::size_t at = 0; at < body.size(); at += 4096) {
        const std::string piece = body.substr(at, 4096);
        char size[32];
        std::snprintf(size, sizeof size, "%zX;x=y\r\n", piece.size());
        chunked += size + piece + "\r\n";
    }
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n" + chunked + "0\r\n\r\n");
    EXPECT_EQ(client.readReply().body, body);
}

TEST(HttpServer, ExpectContinueIsAnsweredAtOnce) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.readUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("o");
    client.send("k");
    EXPECT_EQ(client.readReply().body, "ok");
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok");
    EXPECT_EQ(client.readReply().body, "ok");
}

TEST(HttpServer, ListensOnIpv6AndByName) {
    HttpTestServer six({}, "::1");
    RawHttpClient client(six.port(), "::1");
    client.send(getRequest("/ping"));
    EXPECT_EQ(client.readReply().body, "pong");
    HttpTestServer bracketed({}, "[::1]");
    HttpTestServer named({}, "localhost");
    EXPECT_EQ(named.ask(getRequest("/ping")).body, "pong");
    HttpTestServer any({}, "0.0.0.0");
    EXPECT_EQ(any.ask(getRequest("/ping")).body, "pong");
}

Error startError(const std::string& host, std::uint16_t port) {
    auto started = HttpServer::start(
        host, port, {}, [](HttpRequest, std::shared_ptr<HttpReply>) {}, [](const HttpRequest&, int, const std::string&) { return ""; });
    return started.ok() ? Error{ErrorCode::Internal, "it started"} : started.error();
}

TEST(HttpServer, StartErrorsSayWhatToDo) {
    HttpTestServer server;
    const Error taken = startError("127.0.0.1", server.port());
    EXPECT_EQ(taken.code, ErrorCode::AddressInUse);
    EXPECT_EQ(taken.message,
              "port " + std::to_string(server.port()) + " on 127.0.0.1 is already in use; choose another with --port");
    for (const std::string host :
         {"", "example.invalid", "127.0.0.1:80", "1.2.3", "::g", "256.0.0.1", "[127.0.0.1", "*"}) {
        const Error error = startError(host, 0);
        EXPECT_EQ(error.code, ErrorCode::InvalidArgument) << host;
        EXPECT_THAT(error.message, HasSubstr("--host")) << host;
    }
    const Error foreign = startError("192.0.2.1", 0);
    EXPECT_EQ(foreign.code, ErrorCode::InvalidArgument);
    EXPECT_THAT(foreign.message, HasSubstr("not an address of this machine"));
}

TEST(HttpServer, AStoppedPortCanBeTakenAgain) {
    HttpTestServer first;
    const std::uint16_t port = first.port();
    RawHttpClient client = first.client();
    client.send(getRequest("/ping"));
    EXPECT_EQ(client.readReply().status, 200);
    first.stop();
    EXPECT_EQ(startError("127.0.0.1", port).message, "it started");
}

}  // namespace
}  // namespace larder::api
