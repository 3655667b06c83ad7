// How request threads reach the http thread: replies hold the id of a connection, never a socket, and post letters.
// A letter for a connection or request that no longer exists is dropped, so replies may outlive the server.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/api/http_server.h"
#include "engine/base/mailbox.h"

namespace larder::api {

// What both sides of a reply may look at. Atomic, because no letter is fast enough to call a callback off.
struct HttpReplyState {
    std::atomic<bool> ended{false};                // send(), end() or dropped: no callback any more
    std::atomic<std::uint64_t> callbackNumber{0};  // of the callback that counts
};

struct HttpLetter {
    enum class Kind { Send, Begin, Write, End, Dropped, Callback, Stop };
    Kind kind = Kind::Stop;
    std::uint64_t connection = 0;
    std::uint64_t request = 0;  // counts the requests of the server
    int status = 0;
    HttpHeaders headers;
    std::string bytes;
    std::function<void()> callback;
    std::uint64_t callbackNumber = 0;
    std::shared_ptr<HttpReplyState> state;  // of a Callback
};

struct HttpOutbox {
    base::EventLoopMailbox<HttpLetter> letters;
    std::atomic<std::size_t> openConnections{0};
    std::atomic<std::size_t> openReplies{0};
};

// Runs the callback unless the reply has ended or a later onClientGone() replaced it.
void callIfCurrent(const HttpReplyState& state, std::uint64_t callbackNumber, const std::function<void()>& callback);

class HttpPostedReply final : public HttpReply {
public:
    HttpPostedReply(std::shared_ptr<HttpOutbox> outbox, std::uint64_t connection, std::uint64_t request);
    ~HttpPostedReply() override;

    void send(int status, HttpHeaders headers, std::string body) override;
    void begin(int status, HttpHeaders headers) override;
    void write(std::string bytes) override;
    void end() override;
    void onClientGone(std::function<void()> callback) override;

    const std::shared_ptr<HttpReplyState>& state() const { return m_state; }

private:
    HttpLetter letter(HttpLetter::Kind kind) const;
    bool finish();  // true for the caller that ends the reply

    std::shared_ptr<HttpOutbox> m_outbox;
    std::shared_ptr<HttpReplyState> m_state;
    std::uint64_t m_connection;
    std::uint64_t m_request;
};

}  // namespace larder::api
