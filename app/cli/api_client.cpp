#include "app/cli/api_client.h"

#include <QEventLoop>
#include <QJsonDocument>
#include <QNetworkProxy>
#include <QNetworkReply>
#include <QSocketNotifier>
#include <memory>

namespace larder::app {
namespace {

// Cuts a stream of server-sent events into their data, however the bytes arrive.
class EventReader {
public:
    // Calls onData for each complete "data:" line; false when onData refused.
    bool feed(const QByteArray& bytes, const std::function<bool(const QByteArray&)>& onData) {
        m_unread += bytes;
        qsizetype start = 0;
        for (qsizetype end; (end = m_unread.indexOf('\n', start)) >= 0; start = end + 1) {
            const QByteArray line = m_unread.mid(start, end - start).trimmed();
            if (line.startsWith("data:") && !onData(line.mid(5).trimmed())) return false;
        }
        m_unread.remove(0, start);
        return true;
    }

private:
    QByteArray m_unread;
};

// The sentence in {"error": {"message": ...}}; empty if there is none.
std::string errorSentence(const QJsonObject& body) {
    const QJsonValue error = body.value("error");
    return (error.isObject() ? error.toObject().value("message") : error).toString().toStdString();
}

ErrorCode codeOfStatus(int status) {
    switch (status) {
        case 401: case 403: return ErrorCode::PermissionDenied;
        case 404: return ErrorCode::NotFound;
        case 429: return ErrorCode::Overloaded;
        case 503: return ErrorCode::Unavailable;
        default: return status < 500 ? ErrorCode::InvalidArgument : ErrorCode::Internal;
    }
}

// What one stream has brought so far.
struct Exchange {
    EventReader reader;
    QByteArray refusal;       // the body of an answer that is not 200
    std::string brokenOff;    // an error event in the middle
    bool complete = false;    // [DONE] was there
    bool refused = false;     // by onEvent, or stopped
};

// False when the exchange is to end now.
bool takeData(Exchange& exchange, const QByteArray& data, const std::function<bool(const QJsonObject&)>& onEvent) {
    if (data == "[DONE]") {
        exchange.complete = true;
        return true;
    }
    const QJsonObject event = QJsonDocument::fromJson(data).object();
    exchange.brokenOff = errorSentence(event);
    if (!exchange.brokenOff.empty()) return false;
    exchange.refused = !onEvent(event);
    return !exchange.refused;
}

Error refusalOf(int status, const QByteArray& body) {
    const std::string sentence = errorSentence(QJsonDocument::fromJson(body).object());
    return {codeOfStatus(status), sentence.empty() ? "the server answered with status " + std::to_string(status) : sentence};
}

Error brokenConnection(const QNetworkReply& reply) {
    return {ErrorCode::Unavailable, "the connection to the server failed: " + reply.errorString().toStdString()};
}

Expected<void> outcome(const Exchange& exchange, const QNetworkReply& reply, int status) {
    if (exchange.refused) return Error{ErrorCode::Cancelled, "stopped"};
    if (!exchange.brokenOff.empty()) return Error{ErrorCode::Unavailable, exchange.brokenOff};
    if (status == 200 && exchange.complete) return {};
    if (status != 0 && status != 200) return refusalOf(status, exchange.refusal);
    return brokenConnection(reply);
}

}  // namespace

ApiClient::ApiClient(const std::string& address, const std::string& apiKey) : m_address(address) {
    m_network.setProxy(QNetworkProxy::NoProxy);  // the server is on this machine
    if (!apiKey.empty()) m_authorization = "Bearer " + QByteArray::fromStdString(apiKey);
}

QNetworkRequest ApiClient::request(const char* path) const {
    QNetworkRequest request(QUrl(QString::fromStdString(m_address + path)));
    request.setHeader(QNetworkRequest::ContentTypeHeader, "application/json");
    request.setRawHeader("Accept-Encoding", "identity");
    request.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    if (!m_authorization.isEmpty()) request.setRawHeader("Authorization", m_authorization);
    return request;
}

Expected<QJsonObject> ApiClient::get(const char* path) { return answerOf(std::unique_ptr<QNetworkReply>(m_network.get(request(path)))); }

Expected<QJsonObject> ApiClient::post(const char* path, const QJsonObject& body) {
    return answerOf(std::unique_ptr<QNetworkReply>(m_network.post(request(path), QJsonDocument(body).toJson(QJsonDocument::Compact))));
}

Expected<QJsonObject> ApiClient::answerOf(std::unique_ptr<QNetworkReply> reply) {
    QEventLoop loop;
    QObject::connect(reply.get(), &QNetworkReply::finished, &loop, &QEventLoop::quit);
    if (!reply->isFinished()) loop.exec();
    const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    const QByteArray body = reply->readAll();
    if (status != 0 && status != 200) return refusalOf(status, body);
    const QJsonDocument document = QJsonDocument::fromJson(body);
    if (status == 0 || !document.isObject()) return brokenConnection(*reply);
    return document.object();
}

Expected<void> ApiClient::stream(const char* path, const QJsonObject& body, int stopFd,
                                 const std::function<bool(const QJsonObject&)>& onEvent) {
    QEventLoop loop;
    Exchange exchange;
    const std::unique_ptr<QNetworkReply> reply(m_network.post(request(path), QJsonDocument(body).toJson(QJsonDocument::Compact)));
    const auto status = [&reply] { return reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt(); };
    const auto drain = [&] {
        const QByteArray bytes = reply->readAll();
        if (status() != 200) exchange.refusal += bytes;
        else if (!exchange.refused && exchange.brokenOff.empty() &&
                 !exchange.reader.feed(bytes, [&](const QByteArray& data) { return takeData(exchange, data, onEvent); }))
            loop.quit();
    };
    QSocketNotifier stop(stopFd, QSocketNotifier::Read);
    QObject::connect(&stop, &QSocketNotifier::activated, &loop, [&] {
        stop.setEnabled(false);
        exchange.refused = true;
        loop.quit();
    });
    QObject::connect(reply.get(), &QNetworkReply::readyRead, &loop, drain);
    QObject::connect(reply.get(), &QNetworkReply::finished, &loop, &QEventLoop::quit);
    if (!reply->isFinished()) loop.exec();
    drain();
    reply->disconnect(&loop);
    const int finalStatus = status();
    if (!reply->isFinished()) reply->abort();
    return outcome(exchange, *reply, finalStatus);
}

}  // namespace larder::app
