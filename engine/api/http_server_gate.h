// Qt's HTTP server, fed with nothing but heads the guard has accepted, one at a time. It is a second reader of every
// head: a request goes on only if both agree. Bodies do not pass through it (6.4 keeps up to three copies without a
// limit). http thread only. Qt 6.5 changes handleRequest(); this class is the one place to adapt.
#pragma once

#include <QtHttpServer/QAbstractHttpServer>

#include <cstdint>
#include <functional>
#include <string>

#include "engine/error.h"

namespace larder::api {

class HttpConnection;
class HttpListener;

class HttpServerGate final : public QAbstractHttpServer {
public:
    explicit HttpServerGate(std::function<void(std::intptr_t descriptor)> onConnection);
    ~HttpServerGate() override;

    Expected<std::uint16_t> listen(const std::string& host, std::uint16_t port);
    void stopListening();

    // Calls connection.deliver() before it returns true. False: Qt read the head differently.
    bool dispatch(HttpConnection& connection);

private:
    bool handleRequest(const QHttpServerRequest& request, QTcpSocket* socket) override;
    void missingHandler(const QHttpServerRequest& request, QTcpSocket* socket) override;

    HttpListener* m_listener;  // child of this
    HttpConnection* m_dispatching = nullptr;
    qsizetype m_fieldsSent = 0;
};

}  // namespace larder::api
