// Talks to a Larder server over loopback: posts a chat and hands out the answer piece by piece. Blocks, with an event
// loop of its own inside. Main thread.
#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <functional>
#include <string>

#include "engine/error.h"

namespace larder::app {

class ApiClient {
public:
    ApiClient(const std::string& address, const std::string& apiKey);

    // Posts body, which asks for a stream, and calls onEvent for every event until the answer is complete; false from
    // onEvent, or stopFd becoming readable, ends it early. Errors: Cancelled when ended early, the server's sentence with
    // the code that fits its status, Unavailable when the connection fails or breaks.
    Expected<void> stream(const char* path, const QJsonObject& body, int stopFd,
                          const std::function<bool(const QJsonObject&)>& onEvent);

private:
    QNetworkAccessManager m_network;
    std::string m_address;
    QByteArray m_authorization;
};

}  // namespace larder::app
