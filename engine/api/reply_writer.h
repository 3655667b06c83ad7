// Writes one protocol's answer to one client, streaming or collected, so that serveChat need not know which. Also keeps
// the connection alive: something goes out now and then while the model computes. One thread at a time.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "engine/api/http_server.h"
#include "engine/api/protocol.h"

namespace larder::api {

struct ReplyPacing {
    std::chrono::milliseconds headersWithin{60'000};  // at the latest; earlier, errors are proper statuses
    std::chrono::milliseconds keepAliveEvery{10'000};
    std::chrono::milliseconds textEvery{16};          // as often as a screen shows it; the first piece goes out at once
};

class ReplyWriter {
public:
    // Reply and protocol outlive this.
    ReplyWriter(HttpReply& reply, Protocol& protocol, const ReplyPacing& pacing);

    // The request is understood. stream: events go out as they come, headers with admitted().
    void start(bool stream, ReplyContext context);
    // The engine works on it, and found so many tokens of the prompt known. Streaming: headers go out.
    void admitted(std::size_t cachedTokens);
    void add(OutputEvent event);
    void flush();   // sends what add() gathered; once per batch of engine events
    void finish();  // after the last event
    void fail(const Error& error);

    // Before this moment there is no use in more tokens. The moments are the same for all writers, so that the cores are taken from
    // the computing threads once for all of them.
    std::chrono::steady_clock::time_point quietUntil() const { return m_quietUntil; }
    std::chrono::steady_clock::time_point nextBeat() const { return m_nextBeat; }
    void beat();  // nextBeat() is over: headers or a keep-alive

private:
    void begin();
    HttpHeaders headers() const;
    void write(std::string bytes);

    HttpReply& m_reply;
    Protocol& m_protocol;
    ReplyPacing m_pacing;
    std::chrono::steady_clock::time_point m_nextBeat;
    std::chrono::steady_clock::time_point m_quietUntil;
    ReplyContext m_context;
    std::vector<OutputEvent> m_events;  // collected
    std::string m_pending;              // streaming
    bool m_stream = false;
    bool m_begun = false;  // headers are out
    bool m_ended = false;
};

}  // namespace larder::api
