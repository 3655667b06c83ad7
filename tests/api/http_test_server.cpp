#include "tests/api/http_test_server.h"

#include <chrono>
#include <cstdlib>
#include <utility>
#include <vector>

namespace larder::support {

std::string eventText(std::size_t number) {
    return "data: " + std::to_string(number) + "\n\n";
}

std::string eventTexts(std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += eventText(i);
    return all;
}

EventProducer::EventProducer() : m_thread("producer", [this] { run(); }) {}

EventProducer::~EventProducer() {
    m_letters->post({});
    m_thread.join();
}

void EventProducer::produce(std::shared_ptr<api::HttpReply> reply, std::size_t events) {
    m_letters->post({std::move(reply), events, 0});
}

void EventProducer::take(Letter letter) {
    if (letter.gone != 0) {
        ++m_goneCalls;
        m_streams.erase(letter.gone);
        return;
    }
    const std::uint64_t id = ++m_last;
    letter.reply->onClientGone([letters = m_letters, id] { letters->post({nullptr, 0, id}); });
    letter.reply->begin(200, {{"Content-Type", "text/event-stream"}});
    m_streams[id] = {std::move(letter.reply), letter.events, 0};
}

void EventProducer::run() {
    for (bool stopping = false; !stopping;) {
        std::vector<Letter> letters =
            m_streams.empty() ? m_letters->wait()
                              : m_letters->waitUntil(std::chrono::steady_clock::now() + std::chrono::milliseconds(2));
        for (Letter& letter : letters) {
            if (!letter.reply && letter.gone == 0)
                stopping = true;
            else
                take(std::move(letter));
        }
        for (auto stream = m_streams.begin(); stream != m_streams.end();) {
            Stream& it = stream->second;
            it.reply->write(eventText(it.written++));
            const bool isLast = it.written == it.events;
            if (isLast) it.reply->end();
            stream = isLast ? m_streams.erase(stream) : std::next(stream);
        }
        m_running = m_streams.size();
    }
    m_streams.clear();
}

HttpTestServer::HttpTestServer(const api::HttpLimits& limits, const std::string& host) {
    auto started = api::HttpServer::start(
        host, 0, limits,
        [this](api::HttpRequest request, std::shared_ptr<api::HttpReply> reply) {
            handle(std::move(request), std::move(reply));
        },
        [](const api::HttpRequest&, int status, const std::string& message) { return std::to_string(status) + " " + message; });
    m_server = std::move(started).value();
}

void HttpTestServer::handle(api::HttpRequest request, std::shared_ptr<api::HttpReply> reply) {
    ++m_handled;
    const api::HttpHeaders text{{"Content-Type", "text/plain"}};
    if (request.path == "/ping") return reply->send(200, text, "pong");
    if (request.path == "/echo") return reply->send(200, text, std::move(request.body));
    if (request.path == "/hold") {
        m_held.post(std::move(reply));
        return;
    }
    if (request.path == "/events")
        return m_producer.produce(std::move(reply), std::strtoull(request.query.c_str(), nullptr, 10));
    if (request.path == "/forever") return m_producer.produce(std::move(reply), 0);
    if (request.path == "/show" || request.path.rfind("/show/", 0) == 0 || request.path == "*") {
        std::string shown = request.method + "\n" + request.path + "\n" + request.query + "\n";
        for (const auto& [name, value] : request.headers) shown += name + "=" + value + "\n";
        return reply->send(200, text, shown);
    }
    reply->send(404, text, "no " + request.path);
}

std::shared_ptr<api::HttpReply> HttpTestServer::heldReply() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (m_heldTaken.empty()) {
        m_heldTaken = m_held.waitUntil(deadline);
        if (std::chrono::steady_clock::now() > deadline) return nullptr;
    }
    std::shared_ptr<api::HttpReply> reply = std::move(m_heldTaken.front());
    m_heldTaken.erase(m_heldTaken.begin());
    return reply;
}

bool HttpTestServer::settles(std::size_t connections, std::size_t replies) {
    return eventually([&] { return m_server->openConnections() == connections && m_server->openReplies() == replies; });
}

RawHttpReply HttpTestServer::ask(std::string_view bytes) const {
    RawHttpClient asker = client();
    asker.send(bytes);
    return asker.readReply();
}

int HttpTestServer::statusThenClosed(std::string_view bytes) const {
    RawHttpClient asker = client();
    asker.send(bytes);
    const RawHttpReply reply = asker.readReply();
    const std::string rest = asker.readToEnd();
    const bool good = asker.end() == RawHttpClient::End::Closed && rest.empty() && reply.complete &&
                      reply.header("connection") == "close" &&
                      reply.body.rfind(std::to_string(reply.status) + " ", 0) == 0;
    return good ? reply.status : -1;
}

std::string getRequest(std::string_view target, std::string_view fields) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n";
}

std::string postRequest(std::string_view target, std::string_view body, std::string_view fields) {
    return "POST " + std::string(target) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(fields) + "\r\n" + std::string(body);
}

}  // namespace larder::support
