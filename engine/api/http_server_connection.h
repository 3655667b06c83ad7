// One client: its socket, the guard in front of it, the one request being answered and the bytes not sent yet.
// http thread only; owned by HttpServerLoop. A request behind an unfinished reply waits in m_input, unread.
#pragma once

#include <QtCore/QSocketNotifier>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/api/http_guard.h"
#include "engine/api/http_outbox.h"
#include "engine/api/http_socket.h"
#include "engine/api/http_wire.h"

namespace larder::api {

class HttpServerLoop;

class HttpConnection {
public:
    HttpConnection(HttpServerLoop& loop, std::uint64_t id, std::intptr_t descriptor);

    std::uint64_t id() const { return m_id; }
    const HttpGuard& guard() const { return m_guard; }
    bool isReplyingTo(std::uint64_t request) const { return m_phase == Phase::Replying && m_request == request; }

    // Hands the request that the guard completed to the handler. REQUIRES to be called from HttpServerLoop::dispatch.
    void deliver();
    // Answers with an error and closes: the guard's verdict, or one connection too many.
    void refuse(int status, const std::string& message);
    // REQUIRES isReplyingTo(letter.request). flush() must follow.
    void apply(HttpLetter letter);
    void flush();
    void onDeadline();
    // At once; tells the reply. The object lives until the loop's next turn.
    void close();

private:
    enum class Phase {
        Receiving,  // of a request, or waiting for one
        Replying,   // the handler has it
        Closing,    // the last reply is being sent
        Lingering,  // all sent; input is swallowed, so that the client can read the reply before a reset
        Closed,
    };

    void onReadable();
    void onException();
    bool countBody(std::size_t bytes);
    void receive(std::string_view bytes);
    void processInput();
    void startRequest();
    void afterInput(HttpGuard::State before);
    void updateReading();
    void sendWhole(const HttpLetter& letter);
    void beginReply(const HttpLetter& letter);
    void writePiece(const std::string& bytes);
    void endStream();
    void abandonReply();
    void appendHead(int status, const HttpHeaders& headers, const HttpFraming& framing);
    void endReply(bool close);
    void probeClient();
    void closeWhenSent();
    void finishClosing();
    void abort();
    std::size_t unsentBytes() const { return m_output.size() - m_outputAt; }

    HttpServerLoop& m_loop;
    const std::uint64_t m_id;
    HttpSocket m_socket;
    QSocketNotifier m_readable;
    QSocketNotifier m_writable;
    QSocketNotifier m_exception;  // watched while nothing is read: a reset must still be noticed
    HttpGuard m_guard;
    Phase m_phase = Phase::Receiving;
    std::string m_input;  // read but not fed to the guard, from m_inputAt
    std::size_t m_inputAt = 0;
    bool m_inputEnded = false;  // FIN seen: the client is gone, or only done with sending
    bool m_continued = false;   // "100 Continue" sent for this request
    std::string m_output;
    std::size_t m_outputAt = 0;
    std::size_t m_lingeredBytes = 0;
    std::size_t m_bodyBytes = 0;  // of the body being received, as told to the loop

    // The request being answered.
    std::uint64_t m_request = 0;
    std::shared_ptr<HttpReplyState> m_reply;
    std::function<void()> m_callback;
    std::uint64_t m_callbackNumber = 0;
    bool m_http10 = false;
    bool m_isHead = false;
    bool m_keepAlive = true;
    bool m_begun = false;  // a stream's head was written
    bool m_chunked = false;
    bool m_bodyless = false;  // HEAD, 204, 304: what is written is dropped
    bool m_closeAfter = false;
    bool m_probed = false;
    bool m_firstByteSent = false;  // by the probe, ahead of the head
};

}  // namespace larder::api
