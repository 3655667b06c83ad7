// A live HttpServer on a free port, with a handler of a few routes that show what arrived and stream on demand:
//   /ping "pong"; /echo the body; /show method, path, query and fields, a line each; /events?n events, then the end;
//   /forever events without end; /hold nothing until the test asks for the reply; anything else 404.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/api/http_server.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "tests/support/raw_http_client.h"

namespace larder::support {

// One thread that writes events into any number of replies, as the request threads of the product do.
class EventProducer {
public:
    EventProducer();
    ~EventProducer();

    void produce(std::shared_ptr<api::HttpReply> reply, std::size_t events);  // any thread
    std::size_t goneCalls() const { return m_goneCalls; }
    std::size_t running() const { return m_running; }

private:
    struct Letter {
        std::shared_ptr<api::HttpReply> reply;  // null: stop
        std::size_t events = 0;
        std::uint64_t gone = 0;  // the stream whose client left
    };
    struct Stream {
        std::shared_ptr<api::HttpReply> reply;
        std::size_t events = 0;
        std::size_t written = 0;
    };

    void run();
    void take(Letter letter);

    std::shared_ptr<base::Mailbox<Letter>> m_letters = std::make_shared<base::Mailbox<Letter>>();
    std::map<std::uint64_t, Stream> m_streams;
    std::uint64_t m_last = 0;
    std::atomic<std::size_t> m_goneCalls{0};
    std::atomic<std::size_t> m_running{0};
    base::Thread m_thread;
};

std::string eventText(std::size_t number);  // "data: 7\n\n"
std::string eventTexts(std::size_t count);

class HttpTestServer {
public:
    explicit HttpTestServer(const api::HttpLimits& limits = {}, const std::string& host = "127.0.0.1");

    std::uint16_t port() const { return m_server->port(); }
    RawHttpClient client() const { return RawHttpClient(port()); }
    api::HttpServer& server() { return *m_server; }
    EventProducer& producer() { return m_producer; }
    std::shared_ptr<api::HttpReply> heldReply();  // of the next /hold; waits for it
    std::size_t handled() const { return m_handled; }
    bool settles(std::size_t connections = 0, std::size_t replies = 0);
    void stop() { m_server.reset(); }

    // Sends the bytes on a connection of their own and reads the first reply.
    RawHttpReply ask(std::string_view bytes) const;
    // As ask(), then expects the server to close.
    int statusThenClosed(std::string_view bytes) const;  // -1: it did not close

private:
    void handle(api::HttpRequest request, std::shared_ptr<api::HttpReply> reply);

    EventProducer m_producer;
    base::Mailbox<std::shared_ptr<api::HttpReply>> m_held;
    std::vector<std::shared_ptr<api::HttpReply>> m_heldTaken;
    std::atomic<std::size_t> m_handled{0};
    std::unique_ptr<api::HttpServer> m_server;
};

// "GET /ping HTTP/1.1" with Host and, if given, more field lines (each with its CR LF).
std::string getRequest(std::string_view target, std::string_view fields = "");
std::string postRequest(std::string_view target, std::string_view body, std::string_view fields = "");

}  // namespace larder::support
