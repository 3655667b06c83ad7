// The http thread's own state: connections by id, their deadlines, the letters of request threads, and Qt's server.
// http thread only, from construction to destruction, which needs a QEventLoop alive on that thread.
#pragma once

#include <QtCore/QEventLoop>
#include <QtCore/QSocketNotifier>
#include <QtCore/QTimer>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/api/http_outbox.h"
#include "engine/api/http_server.h"
#include "engine/api/http_server_connection.h"
#include "engine/api/http_server_gate.h"

namespace larder::api {

class HttpServerLoop {
public:
    struct ReadBuffer {
        char* bytes = nullptr;
        std::size_t capacity = 0;
    };

    HttpServerLoop(const HttpLimits& limits, HttpHandler handler, HttpErrorBody errorBody,
                   std::shared_ptr<HttpOutbox> outbox);
    ~HttpServerLoop();

    Expected<std::uint16_t> listen(const std::string& host, std::uint16_t port);  // the port
    void run();  // until a Stop letter; then everything is closed

    // For connections.
    const HttpLimits& limits() const { return m_limits; }
    const std::shared_ptr<HttpOutbox>& outbox() const { return m_outbox; }
    ReadBuffer readBuffer() { return {m_readBuffer.data(), m_readBuffer.size()}; }  // until the next read
    std::uint64_t nextRequest() { return ++m_lastRequest; }
    std::string errorBody(const HttpRequest& request, int status, const std::string& message) const {
        return m_errorBody(request, status, message);
    }
    bool dispatch(HttpConnection& connection) { return m_gate.dispatch(connection); }  // false: not delivered
    void handle(HttpRequest request, std::shared_ptr<HttpReply> reply);
    bool countBodies(std::size_t before, std::size_t now);  // of one connection; false: all together are too much
    void setDeadline(HttpConnection& connection, std::chrono::steady_clock::time_point deadline);
    void clearDeadline(HttpConnection& connection);
    void retire(HttpConnection& connection);  // frees it at the loop's next turn

private:
    struct Seat {
        std::unique_ptr<HttpConnection> connection;
        std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    };

    void accept(std::intptr_t descriptor);
    void readLetters();
    void applyLetter(HttpLetter letter, std::vector<std::uint64_t>& touched);
    void expire();
    void armTimer();
    void closeAll();
    HttpConnection* find(std::uint64_t id);

    HttpLimits m_limits;
    HttpHandler m_handler;
    HttpErrorBody m_errorBody;
    std::shared_ptr<HttpOutbox> m_outbox;
    QEventLoop m_events;
    QSocketNotifier m_letterArrived;
    QTimer m_deadlineTimer;
    QTimer m_burialTimer;
    HttpServerGate m_gate;
    std::unordered_map<std::uint64_t, Seat> m_seats;
    std::set<std::pair<std::chrono::steady_clock::time_point, std::uint64_t>> m_deadlines;
    std::vector<std::unique_ptr<HttpConnection>> m_retired;
    std::vector<char> m_readBuffer;
    std::size_t m_bodyBytes = 0;  // of all requests being received
    std::uint64_t m_lastConnection = 0;
    std::uint64_t m_lastRequest = 0;
    bool m_stopping = false;
};

}  // namespace larder::api
