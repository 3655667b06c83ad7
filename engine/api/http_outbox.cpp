#include "engine/api/http_outbox.h"

#include <utility>

namespace larder::api {

void callIfCurrent(const HttpReplyState& state, std::uint64_t callbackNumber, const std::function<void()>& callback) {
    if (callback && !state.ended && state.callbackNumber == callbackNumber) callback();
}

HttpPostedReply::HttpPostedReply(std::shared_ptr<HttpOutbox> outbox, std::uint64_t connection, std::uint64_t request)
    : m_outbox(std::move(outbox)),
      m_state(std::make_shared<HttpReplyState>()),
      m_connection(connection),
      m_request(request) {
    ++m_outbox->openReplies;
}

HttpPostedReply::~HttpPostedReply() {
    if (finish()) m_outbox->letters.post(letter(HttpLetter::Kind::Dropped));
}

HttpLetter HttpPostedReply::letter(HttpLetter::Kind kind) const {
    HttpLetter letter;
    letter.kind = kind;
    letter.connection = m_connection;
    letter.request = m_request;
    return letter;
}

bool HttpPostedReply::finish() {
    if (m_state->ended.exchange(true)) return false;
    --m_outbox->openReplies;
    return true;
}

void HttpPostedReply::send(int status, HttpHeaders headers, std::string body) {
    if (!finish()) return;
    HttpLetter whole = letter(HttpLetter::Kind::Send);
    whole.status = status;
    whole.headers = std::move(headers);
    whole.bytes = std::move(body);
    m_outbox->letters.post(std::move(whole));
}

void HttpPostedReply::begin(int status, HttpHeaders headers) {
    if (m_state->ended) return;
    HttpLetter head = letter(HttpLetter::Kind::Begin);
    head.status = status;
    head.headers = std::move(headers);
    m_outbox->letters.post(std::move(head));
}

void HttpPostedReply::write(std::string bytes) {
    if (m_state->ended || bytes.empty()) return;
    HttpLetter piece = letter(HttpLetter::Kind::Write);
    piece.bytes = std::move(bytes);
    m_outbox->letters.post(std::move(piece));
}

void HttpPostedReply::end() {
    if (finish()) m_outbox->letters.post(letter(HttpLetter::Kind::End));
}

void HttpPostedReply::onClientGone(std::function<void()> callback) {
    const std::uint64_t number = ++m_state->callbackNumber;
    if (m_state->ended) return;
    HttpLetter subscription = letter(HttpLetter::Kind::Callback);
    subscription.callback = callback;
    subscription.callbackNumber = number;
    subscription.state = m_state;
    // No http thread any more: the client is gone, and nobody else could tell.
    if (!m_outbox->letters.post(std::move(subscription))) callIfCurrent(*m_state, number, callback);
}

}  // namespace larder::api
