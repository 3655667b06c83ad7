#include "engine/api/http_server_connection.h"

#include <cassert>
#include <utility>

#include "engine/api/http_server_loop.h"

namespace larder::api {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadAheadBytes = 64 * 1024;       // of pipelined requests behind an unfinished reply
constexpr std::size_t kPipelineUnsentBytes = 64 * 1024;  // no further request is begun above this
constexpr std::size_t kKeptCapacityBytes = 64 * 1024;    // of an emptied buffer
constexpr std::size_t kLingerBytes = 64u << 20;
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::chrono::milliseconds kProbeDelay{100};

void emptied(std::string& buffer, std::size_t& at) {
    at = 0;
    if (buffer.capacity() > kKeptCapacityBytes)
        buffer = std::string();
    else
        buffer.clear();
}

}  // namespace

// A half-closed client and a vanished one look alike: both sent FIN. Only bytes sent to it tell them apart, since a
// vanished one answers with a reset. So, a moment after a FIN, the reply's first byte is sent early (every status line
// begins alike), or in a chunked stream a leading zero of the next chunk's size; both are invisible to who still reads.
HttpConnection::HttpConnection(HttpServerLoop& loop, std::uint64_t id, std::intptr_t descriptor)
    : m_loop(loop),
      m_id(id),
      m_socket(descriptor),
      m_readable(descriptor, QSocketNotifier::Read),
      m_writable(descriptor, QSocketNotifier::Write),
      m_exception(descriptor, QSocketNotifier::Exception),
      m_guard(loop.limits()) {
    m_writable.setEnabled(false);
    m_exception.setEnabled(false);
    QObject::connect(&m_readable, &QSocketNotifier::activated, [this] { onReadable(); });
    QObject::connect(&m_writable, &QSocketNotifier::activated, [this] { flush(); });
    QObject::connect(&m_exception, &QSocketNotifier::activated, [this] { onException(); });
    m_loop.setDeadline(*this, Clock::now() + m_loop.limits().headerTimeout);
}

void HttpConnection::onReadable() {
    const HttpServerLoop::ReadBuffer buffer = m_loop.readBuffer();
    const HttpSocket::Transfer got = m_socket.read(buffer.bytes, buffer.capacity);
    switch (got.outcome) {
        case HttpSocket::Outcome::WouldBlock:
            return;
        case HttpSocket::Outcome::Failed:
            close();
            return;
        case HttpSocket::Outcome::Ended:
            m_inputEnded = true;
            if (m_phase == Phase::Lingering) return close();
            if (m_phase == Phase::Replying) m_loop.setDeadline(*this, Clock::now() + kProbeDelay);
            processInput();
            break;
        case HttpSocket::Outcome::Done:
            receive({buffer.bytes, got.bytes});
            break;
    }
    if (m_phase != Phase::Closed) flush();
}

void HttpConnection::onException() {
    if (m_socket.failed()) return close();
    m_exception.setEnabled(false);  // urgent data, which nobody here wants
}

void HttpConnection::receive(std::string_view bytes) {
    if (m_phase == Phase::Lingering) {
        m_lingeredBytes += bytes.size();
        if (m_lingeredBytes > kLingerBytes) close();
        return;
    }
    // A body does not take the way through m_input.
    if (m_input.empty() && m_phase == Phase::Receiving && m_guard.state() == HttpGuard::State::Body) {
        bytes.remove_prefix(m_guard.feed(bytes));
        afterInput(HttpGuard::State::Body);
    }
    m_input.append(bytes);
    processInput();
}

void HttpConnection::processInput() {
    while (m_phase == Phase::Receiving && m_inputAt < m_input.size() && unsentBytes() < kPipelineUnsentBytes) {
        const HttpGuard::State before = m_guard.state();
        m_inputAt += m_guard.feed(std::string_view(m_input).substr(m_inputAt));
        afterInput(before);
    }
    if (m_phase == Phase::Closed) return;
    if (m_inputAt == m_input.size())
        emptied(m_input, m_inputAt);
    else if (m_inputAt > kReadAheadBytes)
        m_input.erase(0, std::exchange(m_inputAt, 0));
    if (m_phase == Phase::Receiving && m_inputEnded && m_input.empty()) closeWhenSent();
    updateReading();
}

void HttpConnection::afterInput(HttpGuard::State before) {
    const HttpLimits& limits = m_loop.limits();
    switch (m_guard.state()) {
        case HttpGuard::State::Idle:
            break;
        case HttpGuard::State::Head:
            if (before == HttpGuard::State::Idle) m_loop.setDeadline(*this, Clock::now() + limits.headerTimeout);
            break;
        case HttpGuard::State::Body:
            m_loop.setDeadline(*this, Clock::now() + limits.bodyTimeout);
            if (!countBody(m_guard.request().body.size()))
                return refuse(503, "Too much is being uploaded at the same time; try again.");
            if (m_guard.wantsContinue() && !std::exchange(m_continued, true))
                m_output += "HTTP/1.1 100 Continue\r\n\r\n";
            break;
        case HttpGuard::State::Complete:
            startRequest();
            break;
        case HttpGuard::State::Refused:
            refuse(m_guard.refusal().status, m_guard.refusal().message);
            break;
    }
}

// False: all bodies being received exceed their limit together.
bool HttpConnection::countBody(std::size_t bytes) {
    const std::size_t before = std::exchange(m_bodyBytes, bytes);
    return m_loop.countBodies(before, bytes);
}

void HttpConnection::startRequest() {
    countBody(0);
    m_phase = Phase::Replying;
    m_request = m_loop.nextRequest();
    m_http10 = m_guard.http10();
    m_isHead = m_guard.isHead();
    m_keepAlive = m_guard.keepAlive();
    m_begun = m_chunked = m_bodyless = m_closeAfter = m_probed = m_firstByteSent = m_continued = false;
    m_loop.clearDeadline(*this);
    if (m_inputEnded) m_loop.setDeadline(*this, Clock::now() + kProbeDelay);
    if (!m_loop.dispatch(*this)) refuse(400, "The request could not be read.");
}

void HttpConnection::deliver() {
    auto reply = std::make_shared<HttpPostedReply>(m_loop.outbox(), m_id, m_request);
    m_reply = reply->state();
    m_loop.handle(m_guard.take(), std::move(reply));
}

void HttpConnection::updateReading() {
    if (m_phase == Phase::Closed) return;
    const bool reads = !m_inputEnded && m_phase != Phase::Closing && m_input.size() - m_inputAt < kReadAheadBytes;
    if (m_readable.isEnabled() == reads) return;
    m_readable.setEnabled(reads);
    m_exception.setEnabled(!reads);
}

void HttpConnection::refuse(int status, const std::string& message) {
    HttpHeaders headers{{"Content-Type", "application/json"}};
    if (status == 405) headers.emplace_back("Allow", "GET, HEAD, POST, OPTIONS");
    if (status == 503) headers.emplace_back("Retry-After", "1");
    const std::string body = m_loop.errorBody(m_guard.request(), status, message);
    appendHead(status, headers, {.contentLength = body.size(), .chunked = false, .close = true});
    m_output += body;
    closeWhenSent();
}

void HttpConnection::apply(HttpLetter letter) {
    assert(isReplyingTo(letter.request));
    switch (letter.kind) {
        case HttpLetter::Kind::Send:
            return sendWhole(letter);
        case HttpLetter::Kind::Begin:
            return beginReply(letter);
        case HttpLetter::Kind::Write:
            return writePiece(letter.bytes);
        case HttpLetter::Kind::End:
            return endStream();
        case HttpLetter::Kind::Dropped:
            return abandonReply();
        case HttpLetter::Kind::Callback:
            m_callback = std::move(letter.callback);
            m_callbackNumber = letter.callbackNumber;
            return;
        case HttpLetter::Kind::Stop:
            return;
    }
}

void HttpConnection::sendWhole(const HttpLetter& letter) {
    if (m_begun) return abandonReply();  // a whole reply cannot follow half of another
    const bool hasBody = statusHasBody(letter.status);
    HttpFraming framing;
    framing.close = !m_keepAlive || asksToClose(letter.headers);
    if (hasBody) framing.contentLength = letter.bytes.size();
    appendHead(letter.status, letter.headers, framing);
    if (hasBody && !m_isHead) m_output += letter.bytes;
    endReply(framing.close);
}

void HttpConnection::beginReply(const HttpLetter& letter) {
    if (m_begun) return;
    m_begun = true;
    const bool hasBody = statusHasBody(letter.status);
    m_bodyless = m_isHead || !hasBody;
    m_chunked = hasBody && !m_http10;
    m_closeAfter = !m_keepAlive || asksToClose(letter.headers);
    appendHead(letter.status, letter.headers, {.contentLength = {}, .chunked = m_chunked, .close = m_closeAfter});
}

void HttpConnection::writePiece(const std::string& bytes) {
    if (!m_begun || m_bodyless) return;
    // What this turn of the loop adds is tried first: only a client that leaves the socket full runs into the limit.
    if (unsentBytes() >= m_loop.limits().maxUnsentBytes) flush();
    if (m_phase != Phase::Replying) return;
    if (unsentBytes() >= m_loop.limits().maxUnsentBytes) return abort();
    m_output += m_chunked ? chunk(bytes) : bytes;
}

void HttpConnection::endStream() {
    if (!m_begun) return abandonReply();
    if (m_chunked && !m_bodyless) m_output += kLastChunk;
    endReply(m_closeAfter);
}

// The handler let go of its reply before the end. A begun one is cut off so that the client sees it is not whole.
void HttpConnection::abandonReply() {
    if (!m_begun) return refuse(500, "The server gave up on this request.");
    flush();
    if (m_phase == Phase::Replying) abort();
}

void HttpConnection::appendHead(int status, const HttpHeaders& headers, const HttpFraming& framing) {
    const std::string head =
        replyHead(status, headers, framing, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    assert(head.front() == kFirstReplyByte);
    m_output.append(head, m_firstByteSent ? 1 : 0);
    m_firstByteSent = false;
}

void HttpConnection::endReply(bool close) {
    m_callback = nullptr;
    m_reply.reset();
    if (close) return closeWhenSent();
    m_phase = Phase::Receiving;
    m_loop.setDeadline(*this, Clock::now() + m_loop.limits().idleTimeout);
    processInput();
}

void HttpConnection::flush() {
    if (m_phase == Phase::Closed) return;
    const HttpSocket::Transfer sent = m_socket.write(std::string_view(m_output).substr(m_outputAt));
    if (sent.outcome == HttpSocket::Outcome::Failed) return close();
    m_outputAt += sent.bytes;
    m_writable.setEnabled(sent.outcome == HttpSocket::Outcome::WouldBlock);
    const bool allSent = unsentBytes() == 0;
    if (allSent)
        emptied(m_output, m_outputAt);
    else if (m_outputAt > m_output.size() / 2)
        m_output.erase(0, std::exchange(m_outputAt, 0));
    if (m_phase == Phase::Closing) {
        if (allSent) return finishClosing();
        if (sent.bytes > 0) m_loop.setDeadline(*this, Clock::now() + m_loop.limits().idleTimeout);
    }
    // Requests that waited for the client to read what it was sent.
    if (m_phase != Phase::Receiving || sent.bytes == 0 || m_inputAt == m_input.size()) return;
    processInput();
    if (allSent) flush();
}

void HttpConnection::onDeadline() {
    switch (m_phase) {
        case Phase::Replying:
            return probeClient();
        case Phase::Closing:
            return abort();
        case Phase::Lingering:
            return close();
        case Phase::Closed:
            return;
        case Phase::Receiving:
            break;
    }
    switch (m_guard.state()) {
        case HttpGuard::State::Head:
            refuse(408, "The header fields did not arrive in time.");
            break;
        case HttpGuard::State::Body:
            refuse(408, "The body did not arrive in time.");
            break;
        default:
            return close();
    }
    flush();
}

void HttpConnection::probeClient() {
    if (std::exchange(m_probed, true)) return;
    if (!m_begun) {
        m_output += kFirstReplyByte;
        m_firstByteSent = true;
    } else if (m_chunked && !m_bodyless) {
        m_output += '0';
    }
    flush();
}

void HttpConnection::closeWhenSent() {
    m_phase = Phase::Closing;
    countBody(0);
    m_callback = nullptr;
    m_reply.reset();
    m_loop.setDeadline(*this, Clock::now() + m_loop.limits().idleTimeout);
    updateReading();
    if (unsentBytes() == 0) finishClosing();
}

void HttpConnection::finishClosing() {
    if (m_inputEnded) return close();
    m_phase = Phase::Lingering;
    m_socket.endWriting();
    m_input = std::string();
    m_inputAt = 0;
    m_loop.setDeadline(*this, Clock::now() + kLingerTime);
    updateReading();
}

void HttpConnection::abort() {
    m_socket.reset();
    close();
}

void HttpConnection::close() {
    if (m_phase == Phase::Closed) return;
    m_phase = Phase::Closed;
    countBody(0);
    m_readable.setEnabled(false);
    m_writable.setEnabled(false);
    m_exception.setEnabled(false);
    m_socket.close();
    m_loop.retire(*this);
    if (m_reply) callIfCurrent(*m_reply, m_callbackNumber, m_callback);
    m_callback = nullptr;
    m_reply.reset();
}

}  // namespace larder::api
