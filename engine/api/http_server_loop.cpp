#include "engine/api/http_server_loop.h"

#include <algorithm>
#include <limits>

namespace larder::api {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBufferBytes = 256 * 1024;
constexpr std::size_t kMaxRefusedConnections = 64;  // told 503 in peace; beyond these, connections are just closed

}  // namespace

HttpServerLoop::HttpServerLoop(const HttpLimits& limits, HttpHandler handler, HttpErrorBody errorBody,
                               std::shared_ptr<HttpOutbox> outbox)
    : m_limits(limits),
      m_handler(std::move(handler)),
      m_errorBody(std::move(errorBody)),
      m_outbox(std::move(outbox)),
      m_letterArrived(m_outbox->letters.fd(), QSocketNotifier::Read),
      m_gate([this](std::intptr_t descriptor) { accept(descriptor); }),
      m_readBuffer(kReadBufferBytes) {
    // Above these Qt's own parser drops header fields without a word.
    m_limits.maxHeaderFields = std::min<std::size_t>(m_limits.maxHeaderFields, 100);
    m_limits.maxHeaderBytes = std::min<std::size_t>(m_limits.maxHeaderBytes, 96 * 1024);
    m_deadlineTimer.setSingleShot(true);
    m_burialTimer.setSingleShot(true);
    QObject::connect(&m_letterArrived, &QSocketNotifier::activated, [this] { readLetters(); });
    QObject::connect(&m_deadlineTimer, &QTimer::timeout, [this] { expire(); });
    QObject::connect(&m_burialTimer, &QTimer::timeout, [this] { m_retired.clear(); });
}

HttpServerLoop::~HttpServerLoop() = default;

Expected<std::uint16_t> HttpServerLoop::listen(const std::string& host, std::uint16_t port) {
    return m_gate.listen(host, port);
}

void HttpServerLoop::run() {
    if (!m_stopping) m_events.exec();
}

void HttpServerLoop::handle(HttpRequest request, std::shared_ptr<HttpReply> reply) {
    m_handler(std::move(request), std::move(reply));
}

void HttpServerLoop::accept(std::intptr_t descriptor) {
    if (m_stopping || m_seats.size() >= m_limits.maxConnections + kMaxRefusedConnections) {
        HttpSocket(descriptor).reset();
        return;
    }
    const bool isOneTooMany = m_seats.size() >= m_limits.maxConnections;
    const std::uint64_t id = ++m_lastConnection;
    Seat& seat = m_seats[id];
    seat.connection = std::make_unique<HttpConnection>(*this, id, descriptor);
    ++m_outbox->openConnections;
    if (!isOneTooMany) return;
    HttpConnection& connection = *seat.connection;
    connection.refuse(503, "There are already " + std::to_string(m_limits.maxConnections) + " connections; try again.");
    connection.flush();
}

// Everything posted since the last turn is applied first and sent after: one write to a socket, however many letters.
void HttpServerLoop::readLetters() {
    std::vector<std::uint64_t> touched;
    for (HttpLetter& letter : m_outbox->letters.take()) applyLetter(std::move(letter), touched);
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const std::uint64_t id : touched)
        if (HttpConnection* connection = find(id)) connection->flush();
    if (m_stopping) closeAll();
}

void HttpServerLoop::applyLetter(HttpLetter letter, std::vector<std::uint64_t>& touched) {
    if (letter.kind == HttpLetter::Kind::Stop) {
        m_stopping = true;
        return;
    }
    HttpConnection* connection = find(letter.connection);
    if (connection && connection->isReplyingTo(letter.request)) {
        touched.push_back(letter.connection);
        connection->apply(std::move(letter));
    } else if (letter.kind == HttpLetter::Kind::Callback) {
        callIfCurrent(*letter.state, letter.callbackNumber, letter.callback);
    }
}

void HttpServerLoop::closeAll() {
    m_gate.stopListening();
    std::vector<std::uint64_t> ids;
    for (const auto& [id, seat] : m_seats) ids.push_back(id);
    for (const std::uint64_t id : ids)
        if (HttpConnection* connection = find(id)) connection->close();
    // Whoever subscribed meanwhile is told too; later posts are refused, and the poster tells itself.
    m_outbox->letters.close();
    std::vector<std::uint64_t> touched;
    for (HttpLetter& letter : m_outbox->letters.take()) applyLetter(std::move(letter), touched);
    m_events.quit();
}

bool HttpServerLoop::countBodies(std::size_t before, std::size_t now) {
    m_bodyBytes += now - before;
    return now <= before || m_bodyBytes <= m_limits.maxBufferedBytes;
}

void HttpServerLoop::setDeadline(HttpConnection& connection, Clock::time_point deadline) {
    const auto found = m_seats.find(connection.id());
    if (found == m_seats.end()) return;
    Seat& seat = found->second;
    if (seat.deadline != Clock::time_point::max()) m_deadlines.erase({seat.deadline, connection.id()});
    seat.deadline = deadline;
    if (deadline == Clock::time_point::max()) return;
    m_deadlines.emplace(deadline, connection.id());
    armTimer();
}

void HttpServerLoop::clearDeadline(HttpConnection& connection) {
    setDeadline(connection, Clock::time_point::max());
}

// The timer may fire early, after a deadline was moved back: expire() then just sets it again. That is cheaper than
// restarting it with every byte.
void HttpServerLoop::armTimer() {
    if (m_deadlines.empty()) return;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(m_deadlines.begin()->first - Clock::now());
    const auto wait = std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, std::numeric_limits<int>::max());
    if (m_deadlineTimer.isActive() && m_deadlineTimer.remainingTime() <= wait) return;
    m_deadlineTimer.start(static_cast<int>(wait));
}

void HttpServerLoop::expire() {
    const Clock::time_point now = Clock::now();
    while (!m_deadlines.empty() && m_deadlines.begin()->first <= now) {
        const std::uint64_t id = m_deadlines.begin()->second;
        HttpConnection* connection = find(id);
        clearDeadline(*connection);
        connection->onDeadline();
    }
    armTimer();
}

HttpConnection* HttpServerLoop::find(std::uint64_t id) {
    const auto found = m_seats.find(id);
    return found == m_seats.end() ? nullptr : found->second.connection.get();
}

void HttpServerLoop::retire(HttpConnection& connection) {
    clearDeadline(connection);
    const auto found = m_seats.find(connection.id());
    m_retired.push_back(std::move(found->second.connection));
    m_seats.erase(found);
    --m_outbox->openConnections;
    if (!m_burialTimer.isActive()) m_burialTimer.start(0);
}

}  // namespace larder::api
