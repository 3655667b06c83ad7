// Decides, byte by byte, whether what a client sends is a well-framed HTTP/1.x request within limits, and copies it
// out. Strict where laxness lets two readers disagree about where a request ends (RFC 9112 §11.2): one length, no
// folding, no bare line feeds. The verdict never depends on how the bytes were cut. One thread at a time; no I/O, no
// clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/api/http_chunks.h"
#include "engine/api/http_server.h"

namespace larder::api {

// Why a request is refused: the connection cannot be used after it.
struct HttpRefusal {
    int status = 0;       // 400, 405, 413, 417 or 431
    std::string message;  // one sentence for the client
};

class HttpGuard {
public:
    enum class State {
        Idle,      // nothing of the next request yet (empty lines before it do not count)
        Head,      // inside the request line or the header fields
        Body,      // head accepted, body incomplete
        Complete,  // take() it
        Refused,   // see refusal(); nothing is consumed any more
    };

    explicit HttpGuard(const HttpLimits& limits) : m_limits(limits), m_chunks(limits.maxBodyBytes) {}

    // Consumes at most one request; returns how many bytes. Stops at Complete and Refused.
    std::size_t feed(std::string_view bytes);

    State state() const { return m_state; }
    const HttpRefusal& refusal() const { return m_refusal; }

    // About the request at hand, from Body on.
    bool keepAlive() const { return m_keepAlive; }  // false for HTTP/1.0
    bool http10() const { return m_http10; }
    bool isHead() const { return m_isHead; }                                           // its method() is then GET
    bool wantsContinue() const { return m_expectContinue && m_request.body.empty(); }  // "100 Continue" is awaited
    const HttpRequest& request() const { return m_request; }
    const std::string& target() const { return m_target; }  // as sent

    // REQUIRES Complete; then Idle again.
    HttpRequest take();

private:
    bool refuse(int status, std::string message);  // always false
    bool headByte(char byte);
    bool endLine();
    bool requestLine();
    bool headerField();
    bool endHead();
    bool readLength(const HttpHeaders& headers);
    bool readEncoding(const HttpHeaders& headers);
    bool readConnection(const HttpHeaders& headers);
    std::size_t feedBody(std::string_view bytes);

    HttpLimits m_limits;
    State m_state = State::Idle;
    HttpRefusal m_refusal;
    HttpRequest m_request;
    std::string m_target;
    std::string m_line;  // the current line of the head, without its CR LF
    std::size_t m_headBytes = 0;
    std::uint64_t m_bodyLeft = 0;  // of Content-Length
    HttpChunks m_chunks;
    bool m_sawReturn = false;  // CR seen, LF must follow
    bool m_sawRequestLine = false;
    bool m_chunked = false;
    bool m_http10 = false;
    bool m_isHead = false;
    bool m_keepAlive = true;
    bool m_expectContinue = false;
};

}  // namespace larder::api
