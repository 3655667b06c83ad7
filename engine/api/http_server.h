// The one place that knows Qt's HTTP server: bytes <-> HttpRequest and HttpReply, behind a guard that enforces limits,
// timeouts and framing (qt.md §1). Owns the http thread, its sockets and event loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/error.h"

namespace larder::api {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// A whole request, copied out of the socket. Path is percent-decoded, without the query.
struct HttpRequest {
    std::string method;  // "GET"; HEAD arrives as GET, the server drops the body
    std::string path;
    std::string query;    // raw, after '?'
    HttpHeaders headers;  // names in lower case
    std::string body;

    std::string_view header(std::string_view lowerCaseName) const;  // "" if missing; the first of several
};

// The answer to one request. Any thread; never blocks; after the client went away everything is silently dropped.
// A client that only ended its sending side (half-close) still gets its reply. There is no back-pressure: a client that
// reads slower than write() is called is cut off at maxUnsentBytes; the body of send() does not count.
// Either send(), or begin(), write()..., end(). Dropping the last reference before the end closes the connection.
class HttpReply {
public:
    virtual ~HttpReply() = default;
    virtual void send(int status, HttpHeaders headers, std::string body) = 0;
    virtual void begin(int status, HttpHeaders headers) = 0;  // chunked
    virtual void write(std::string bytes) = 0;
    virtual void end() = 0;
    // Called once, on the http thread, when the client is gone before the end (at once, if it is gone already).
    // Must not block. Replaces an earlier callback; null removes it, but a call under way may still finish: let it own
    // what it uses. Once the server is gone, it is called on the caller's thread.
    virtual void onClientGone(std::function<void()> callback) = 0;
};

struct HttpLimits {
    std::size_t maxConnections = 1024;
    std::size_t maxHeaderBytes = 64 * 1024;
    std::size_t maxHeaderFields = 100;
    std::size_t maxBodyBytes = 64u << 20;
    std::size_t maxUnsentBytes = 4u << 20;      // of a client that does not read
    std::size_t maxBufferedBytes = 512u << 20;  // of all bodies being received; above it 503
    std::chrono::milliseconds headerTimeout{10'000};
    std::chrono::milliseconds bodyTimeout{60'000};   // between two pieces of a body
    std::chrono::milliseconds idleTimeout{120'000};  // keep-alive without a request
};

// Called on the http thread for every well-formed request; must not block. Errors of framing never reach it.
using HttpHandler = std::function<void(HttpRequest request, std::shared_ptr<HttpReply> reply)>;
// Turns a refusal of the guard into a body (JSON): status and one sentence. request: as far as it was read, without its body.
using HttpErrorBody = std::function<std::string(const HttpRequest& request, int status, const std::string& message)>;

class HttpServer {
public:
    // Blocks until it listens. AddressInUse, PermissionDenied, InvalidArgument (not an address) in one sentence.
    static Expected<std::unique_ptr<HttpServer>> start(const std::string& host, std::uint16_t port,
                                                       const HttpLimits& limits, HttpHandler handler,
                                                       HttpErrorBody errorBody);
    ~HttpServer();  // closes every connection and joins

    std::uint16_t port() const;
    std::size_t openConnections() const;  // a recent number; for status and the integrity check
    std::size_t openReplies() const;      // replies not ended yet

private:
    struct Inner;
    explicit HttpServer(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::api
