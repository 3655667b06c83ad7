// Talks to a Larder server over loopback: single answers, and those that come piece by piece. Blocks, with an event
// loop of its own inside. Main thread.
#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QNetworkRequest>
#include <functional>
#include <memory>
#include <string>

#include "engine/error.h"

namespace larder::app {

class ApiClient {
public:
    ApiClient(const std::string& address, const std::string& apiKey);

    // One answer, a JSON object. Blocks as long as the server takes. Errors: as of stream().
    Expected<QJsonObject> get(const char* path);
    Expected<QJsonObject> post(const char* path, const QJsonObject& body);

    // Posts body, which asks for a stream, and calls onEvent for every event until the answer is complete; false from
    // onEvent, or stopFd becoming readable, ends it early. Errors: Cancelled when ended early, the server's sentence with
    // the code that fits its status, Unavailable when the connection fails or breaks.
    Expected<void> stream(const char* path, const QJsonObject& body, int stopFd,
                          const std::function<bool(const QJsonObject&)>& onEvent);

private:
    QNetworkRequest request(const char* path) const;
    static Expected<QJsonObject> answerOf(std::unique_ptr<QNetworkReply> reply);

    QNetworkAccessManager m_network;
    std::string m_address;
    QByteArray m_authorization;
};

}  // namespace larder::app
