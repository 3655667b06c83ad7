#include "engine/api/http_server_gate.h"

#include <QtCore/QByteArray>
#include <QtCore/QTimer>
#include <QtHttpServer/QHttpServerRequest>
#include <QtNetwork/QHostAddress>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include "engine/api/http_guard.h"
#include "engine/api/http_server_connection.h"
#include "engine/base/log.h"

namespace larder::api {

static_assert(QT_VERSION < QT_VERSION_CHECK(6, 5, 0), "handleRequest() has another signature from Qt 6.5 on");

namespace {

constexpr std::chrono::milliseconds kAcceptRetry{100};
constexpr int kListenBacklog = 512;

// What Qt takes for a connected socket: a head in memory, to be read once.
class AcceptedHead final : public QTcpSocket {
public:
    explicit AcceptedHead(std::string bytes) : m_bytes(std::move(bytes)) { setOpenMode(QIODevice::ReadOnly); }

    qint64 bytesAvailable() const override { return QIODevice::bytesAvailable() + left(); }

protected:
    qint64 readData(char* into, qint64 capacity) override {
        const qint64 count = std::min(capacity, left());
        std::memcpy(into, m_bytes.data() + m_at, static_cast<std::size_t>(count));
        m_at += static_cast<std::size_t>(count);
        return count;
    }

private:
    qint64 left() const { return static_cast<qint64>(m_bytes.size() - m_at); }

    std::string m_bytes;
    std::size_t m_at = 0;
};

// Fields by which Qt would begin to read a body, wait for one, or switch protocols.
bool isFraming(std::string_view lowerCaseName) {
    static constexpr std::array<std::string_view, 5> kNames{"content-length", "transfer-encoding", "connection",
                                                            "upgrade", "expect"};
    return std::find(kNames.begin(), kNames.end(), lowerCaseName) != kNames.end();
}

std::string place(const std::string& host, std::uint16_t port) {
    return std::to_string(port) + " on " + host;
}

Error listenError(const QTcpServer& listener, const std::string& host, std::uint16_t port) {
    const std::string where = "port " + place(host, port);
    switch (listener.serverError()) {
        case QAbstractSocket::AddressInUseError:
            return {ErrorCode::AddressInUse, where + " is already in use; choose another with --port"};
        case QAbstractSocket::SocketAccessError:
            return {ErrorCode::PermissionDenied,
                    where + " may not be opened by this user; choose one above 1023 with --port"};
        case QAbstractSocket::SocketAddressNotAvailableError:
            return {ErrorCode::InvalidArgument,
                    host + " is not an address of this machine; choose another with --host, such as 127.0.0.1"};
        default:
            return {ErrorCode::Io, where + " cannot be opened: " + listener.errorString().toStdString()};
    }
}

// False: neither an address nor "localhost". Names are not looked up: what is listened on must be plain to see.
bool readAddress(std::string_view host, QHostAddress& address) {
    if (host == "localhost") {
        address = QHostAddress(QHostAddress::LocalHost);
        return true;
    }
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    return !host.empty() && address.setAddress(QString::fromUtf8(host.data(), static_cast<qsizetype>(host.size())));
}

}  // namespace

class HttpListener final : public QTcpServer {
public:
    HttpListener(QObject* parent, std::function<void(std::intptr_t)> onConnection)
        : QTcpServer(parent), m_onConnection(std::move(onConnection)) {
        // Qt stops accepting for good when descriptors run out.
        connect(this, &QTcpServer::acceptError, this, [this] {
            if (!std::exchange(m_failing, true))
                base::logWarning("Connections cannot be accepted: " + errorString().toStdString());
            QTimer::singleShot(kAcceptRetry, this, [this] { resumeAccepting(); });
        });
    }

    void offer(QTcpSocket* head) { addPendingConnection(head); }

protected:
    void incomingConnection(qintptr descriptor) override {
        m_failing = false;
        m_onConnection(descriptor);
    }

private:
    bool m_failing = false;  // said so once already
    std::function<void(std::intptr_t)> m_onConnection;
};

HttpServerGate::HttpServerGate(std::function<void(std::intptr_t)> onConnection)
    : m_listener(new HttpListener(this, std::move(onConnection))) {
    m_listener->setListenBacklogSize(kListenBacklog);
}

HttpServerGate::~HttpServerGate() = default;

Expected<std::uint16_t> HttpServerGate::listen(const std::string& host, std::uint16_t port) {
    QHostAddress address;
    if (!readAddress(host, address))
        return Error{ErrorCode::InvalidArgument, "\"" + host +
                                                     "\" is not an address; choose one with --host, such as "
                                                     "127.0.0.1, ::1, 0.0.0.0 or localhost"};
    if (!m_listener->listen(address, port)) return listenError(*m_listener, host, port);
    bind(m_listener);
    return m_listener->serverPort();
}

void HttpServerGate::stopListening() {
    m_listener->close();
}

bool HttpServerGate::dispatch(HttpConnection& connection) {
    const HttpGuard& guard = connection.guard();
    const HttpRequest& request = guard.request();
    std::string head = (guard.isHead() ? "HEAD" : request.method) + ' ' + guard.target() + " HTTP/1.1\r\n";
    m_fieldsSent = 0;
    for (const auto& [name, value] : request.headers) {
        if (isFraming(name)) continue;
        head += name + ": " + value + "\r\n";
        ++m_fieldsSent;
    }
    head += "\r\n";
    m_dispatching = &connection;
    AcceptedHead socket(std::move(head));
    m_listener->offer(&socket);
    emit socket.readyRead();
    return std::exchange(m_dispatching, nullptr) == nullptr;
}

bool HttpServerGate::handleRequest(const QHttpServerRequest& request, QTcpSocket*) {
    if (m_dispatching && request.headers().size() == m_fieldsSent) std::exchange(m_dispatching, nullptr)->deliver();
    return true;
}

void HttpServerGate::missingHandler(const QHttpServerRequest&, QTcpSocket*) {}

}  // namespace larder::api
