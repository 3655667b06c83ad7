// Replies that take their time: many at once, behind one another, half-closed, abandoned, and cut off by a stop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/api/http_test_server.h"

namespace larder::api {
namespace {

using support::eventText;
using support::eventTexts;
using support::eventually;
using support::getRequest;
using support::HttpTestServer;
using support::RawHttpClient;
using support::RawHttpReply;
using ::testing::HasSubstr;

struct GoneCalls {
    std::shared_ptr<base::Mailbox<int>> box = std::make_shared<base::Mailbox<int>>();
    std::function<void()> callback(int number = 1) const {
        return [to = box, number] { to->post(number); };
    }
    std::vector<int> wait() const {
        return box->waitUntil(std::chrono::steady_clock::now() + std::chrono::seconds(20));
    }
};

TEST(HttpStreams, TwoHundredAtOnceFinishWithEveryEventInOrder) {
    HttpTestServer server;
    std::vector<RawHttpClient> clients;
    for (int i = 0; i < 200; ++i) {
        clients.push_back(server.client());
        ASSERT_TRUE(clients.back().send(getRequest("/events?100")));
    }
    for (RawHttpClient& client : clients) {
        const RawHttpReply reply = client.readReply();
        EXPECT_TRUE(reply.complete);
        EXPECT_EQ(reply.body, eventTexts(100));
    }
    EXPECT_TRUE(server.settles(200));
    EXPECT_EQ(server.producer().goneCalls(), 0u) << "a reply that ended has no client to lose";
}

TEST(HttpStreams, FiveHundredThatVanishLeaveNothingBehind) {
    HttpTestServer server;
    std::vector<RawHttpClient> clients;
    for (int i = 0; i < 500; ++i) {
        clients.push_back(server.client());
        ASSERT_TRUE(clients.back().send(getRequest("/forever")));
    }
    for (RawHttpClient& client : clients) ASSERT_THAT(client.readUntil(eventText(0)), HasSubstr(eventText(0)));
    EXPECT_TRUE(server.settles(500, 500));
    for (std::size_t i = 0; i < clients.size(); ++i) {
        if (i % 2 == 0)
            clients[i].close();
        else
            clients[i].reset();
    }
    EXPECT_TRUE(server.settles());
    EXPECT_TRUE(eventually([&] { return server.producer().goneCalls() == 500; }));
    EXPECT_EQ(server.ask(getRequest("/ping")).body, "pong");
}

TEST(HttpStreams, ClientsThatVanishBeforeAnyByteAreNoticed) {
    HttpTestServer server;
    const GoneCalls gone;
    for (const bool resets : {false, true}) {
        RawHttpClient client = server.client();
        client.send(getRequest("/hold"));
        const auto reply = server.heldReply();
        reply->onClientGone(gone.callback());
        if (resets)
            client.reset();
        else
            client.close();
        EXPECT_EQ(gone.wait(), std::vector<int>{1}) << resets;
        reply->begin(200, {});
        reply->write("into the void");
        reply->end();
        EXPECT_TRUE(server.settles());
    }
}

TEST(HttpStreams, ClientsThatVanishFromASilentStreamAreNoticed) {
    HttpTestServer server;
    const GoneCalls gone;
    RawHttpClient client = server.client();
    client.send(getRequest("/hold"));
    const auto reply = server.heldReply();
    reply->onClientGone(gone.callback());
    reply->begin(200, {});
    client.readUntil("\r\n\r\n");
    client.close();
    EXPECT_EQ(gone.wait(), std::vector<int>{1});
}

TEST(HttpStreams, AHalfClosedClientGetsItsReply) {
    HttpTestServer server;
    RawHttpClient quick = server.client();
    quick.send(getRequest("/ping") + getRequest("/show"));
    quick.endSending();
    EXPECT_EQ(quick.readReply().body, "pong");
    EXPECT_EQ(quick.readReply().status, 200);
    EXPECT_EQ(quick.readToEnd(), "");
    EXPECT_EQ(quick.end(), RawHttpClient::End::Closed);

    RawHttpClient slow = server.client();
    slow.send(getRequest("/hold"));
    const auto reply = server.heldReply();
    slow.endSending();
    EXPECT_EQ(slow.readUntil("H"), "H");  // the probe: the reply's first byte, ahead of its time
    reply->send(200, {}, "at last");
    EXPECT_THAT(slow.readToEnd(), ::testing::MatchesRegex("TTP/1\\.1 200 OK\r\n.*\r\n\r\nat last"));
}

TEST(HttpStreams, AHalfClosedClientGetsItsStream) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send(getRequest("/hold"));
    const auto reply = server.heldReply();
    const GoneCalls gone;
    reply->onClientGone(gone.callback());
    reply->begin(200, {});
    reply->write("one");
    EXPECT_THAT(client.readUntil("3\r\none\r\n"), HasSubstr("200 OK"));
    client.endSending();
    EXPECT_EQ(client.readUntil("0"), "0");  // the probe: a leading zero of the next chunk's size
    reply->write("two");
    EXPECT_EQ(client.readUntil("two\r\n"), "3\r\ntwo\r\n");
    reply->end();
    EXPECT_EQ(client.readToEnd(), "0\r\n\r\n");
    EXPECT_EQ(client.end(), RawHttpClient::End::Closed);
    client.close();
    EXPECT_TRUE(server.settles());
    EXPECT_TRUE(gone.box->take().empty());

    RawHttpClient events = server.client();
    events.send(getRequest("/events?150"));
    events.endSending();
    const RawHttpReply whole = events.readReply();
    EXPECT_TRUE(whole.complete);
    EXPECT_EQ(whole.body, eventTexts(150));
}

TEST(HttpStreams, APipelinedRequestWaitsForTheStreamBeforeIt) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send(getRequest("/hold") + getRequest("/ping") + getRequest("/events?3"));
    const auto reply = server.heldReply();
    reply->begin(200, {});
    for (int i = 0; i < 5; ++i) {
        reply->write(eventText(static_cast<std::size_t>(i)));
        client.readUntil("\n\n");
    }
    EXPECT_EQ(server.handled(), 1u);
    reply->end();
    EXPECT_EQ(client.readUntil("0\r\n\r\n"), "\r\n0\r\n\r\n");
    EXPECT_EQ(client.readReply().body, "pong");
    EXPECT_EQ(client.readReply().body, eventTexts(3));
}

TEST(HttpStreams, ADroppedReplyIsCutOffVisibly) {
    HttpTestServer server;
    RawHttpClient unbegun = server.client();
    unbegun.send(getRequest("/hold"));
    server.heldReply().reset();
    EXPECT_EQ(unbegun.readReply().status, 500);
    EXPECT_EQ(unbegun.readToEnd(), "");

    for (const std::string version : {"1.0", "1.1"}) {
        RawHttpClient begun = server.client();
        begun.send("GET /hold HTTP/" + version + "\r\nHost: h\r\n\r\n");
        auto reply = server.heldReply();
        reply->begin(200, {});
        reply->write("half");
        begun.readUntil("half");
        reply.reset();
        begun.readToEnd();
        EXPECT_EQ(begun.end(), RawHttpClient::End::Reset) << version;
    }
    unbegun.close();
    EXPECT_TRUE(server.settles());
}

TEST(HttpStreams, TheLastCallbackCountsAndIsCalledOnce) {
    HttpTestServer server;
    const GoneCalls gone;
    RawHttpClient client = server.client();
    client.send(getRequest("/hold"));
    auto reply = server.heldReply();
    reply->onClientGone(gone.callback(1));
    reply->onClientGone(nullptr);
    reply->onClientGone(gone.callback(2));
    client.reset();
    EXPECT_EQ(gone.wait(), std::vector<int>{2});
    reply->onClientGone(gone.callback(3));  // gone already
    EXPECT_EQ(gone.wait(), std::vector<int>{3});
    reply.reset();
    EXPECT_TRUE(server.settles());
    EXPECT_TRUE(gone.box->take().empty());
}

TEST(HttpStreams, ANormalEndCallsNobody) {
    HttpTestServer server;
    const GoneCalls gone;
    RawHttpClient client = server.client();
    client.send(getRequest("/hold"));
    const auto reply = server.heldReply();
    reply->onClientGone(gone.callback());
    reply->send(200, {}, "done");
    reply->onClientGone(gone.callback());
    EXPECT_EQ(client.readReply().body, "done");
    client.reset();
    EXPECT_TRUE(server.settles());
    EXPECT_TRUE(gone.box->take().empty());
}

TEST(HttpStreams, AMisusedReplyDoesNoHarm) {
    HttpTestServer server;
    RawHttpClient client = server.client();
    client.send(getRequest("/hold"));
    const auto reply = server.heldReply();
    reply->begin(200, {});
    reply->begin(500, {});
    reply->write("x");
    reply->end();
    reply->write("y");
    reply->send(404, {}, "z");
    reply->begin(200, {});
    EXPECT_EQ(client.readReply().body, "x");
    client.send(getRequest("/hold"));
    server.heldReply()->end();  // nothing begun
    EXPECT_EQ(client.readReply().status, 500);
    client.close();
    EXPECT_TRUE(server.settles());
}

TEST(HttpStreams, StopCutsStreamsOffAndRepliesOutliveIt) {
    HttpTestServer server;
    const GoneCalls gone;
    std::vector<RawHttpClient> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(server.client());
        clients.back().send(getRequest("/forever"));
        clients.back().readUntil(eventText(3));
    }
    RawHttpClient waiting = server.client();
    waiting.send(getRequest("/hold"));
    auto reply = server.heldReply();
    reply->onClientGone(gone.callback(1));
    server.stop();
    EXPECT_EQ(gone.wait(), std::vector<int>{1});
    for (RawHttpClient& client : clients) {
        client.readToEnd();
        EXPECT_NE(client.end(), RawHttpClient::End::DeadlinePassed);
    }
    EXPECT_TRUE(eventually([&] { return server.producer().goneCalls() == 20; }));
    reply->begin(200, {});
    reply->write("nobody listens");
    reply->onClientGone(gone.callback(2));
    EXPECT_EQ(gone.wait(), std::vector<int>{2});
    reply->end();
    reply.reset();
}

}  // namespace
}  // namespace larder::api
