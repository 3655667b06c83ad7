#include "engine/api/reply_writer.h"

#include <utility>

#include "engine/api/error_reply.h"
#include "engine/api/sse.h"

namespace larder::api {
namespace {

using Clock = std::chrono::steady_clock;

// The next moment of the clock that is a multiple of the span; 0: none.
Clock::time_point nextMultiple(Clock::duration span) {
    if (span <= Clock::duration::zero()) return {};
    const Clock::duration now = Clock::now().time_since_epoch();
    return Clock::time_point(now - now % span + span);
}

}  // namespace

ReplyWriter::ReplyWriter(HttpReply& reply, Protocol& protocol, const ReplyPacing& pacing)
    : m_reply(reply),
      m_protocol(protocol),
      m_pacing(pacing),
      m_nextBeat(std::chrono::steady_clock::now() + pacing.headersWithin) {}

void ReplyWriter::start(bool stream, ReplyContext context) {
    m_stream = stream;
    m_context = std::move(context);
}

void ReplyWriter::admitted(std::size_t cachedTokens) {
    // A collected answer keeps its status open as long as it may, for a late error.
    if (!m_stream || m_begun) return;
    m_context.cachedTokens = cachedTokens;
    begin();
}

void ReplyWriter::begin() {
    m_begun = true;
    m_reply.begin(200, headers());
    write(m_stream ? m_protocol.beginStream(m_context) : " ");
}

HttpHeaders ReplyWriter::headers() const {
    HttpHeaders all = m_stream ? sseHeaders() : HttpHeaders{{"Content-Type", "application/json"}};
    all.insert(all.end(), m_context.headers.begin(), m_context.headers.end());
    return all;
}

void ReplyWriter::add(OutputEvent event) {
    if (!m_stream) return m_events.push_back(std::move(event));
    if (!m_begun) begin();
    m_pending += m_protocol.streamEvent(event);
}

void ReplyWriter::flush() {
    if (m_stream && m_pending.empty()) return;
    if (m_stream) write(std::exchange(m_pending, {}));
    m_quietUntil = nextMultiple(m_pacing.textEvery);
}

void ReplyWriter::beat() {
    if (!m_begun) return begin();
    write(m_stream ? m_protocol.keepAlive() : " ");  // white space before a JSON document means nothing
}

void ReplyWriter::finish() {
    if (m_stream) {
        if (!m_begun) begin();
        std::string last = std::exchange(m_pending, {}) + m_protocol.endStream();
        m_ended = true;
        write(std::move(last));
        return m_reply.end();
    }
    std::string body = m_protocol.collect(m_context, m_events);
    m_ended = true;
    if (!m_begun) return m_reply.send(200, headers(), std::move(body));
    write(std::move(body));
    m_reply.end();
}

void ReplyWriter::fail(const Error& error) {
    if (std::exchange(m_ended, true)) return;
    if (!m_begun) {
        const int status = httpStatus(error.code);
        return m_reply.send(status, errorHeaders(status), m_protocol.errorBody(error));
    }
    if (m_stream) {
        std::string last = std::exchange(m_pending, {}) + m_protocol.streamError(error);
        last += m_protocol.endStream();  // after the error: what ends a stream may depend on it
        write(std::move(last));
    } else {
        write(m_protocol.errorBody(error));
    }
    m_reply.end();
}

void ReplyWriter::write(std::string bytes) {
    m_nextBeat = std::chrono::steady_clock::now() + m_pacing.keepAliveEvery;
    if (!bytes.empty()) m_reply.write(std::move(bytes));
}

}  // namespace larder::api
