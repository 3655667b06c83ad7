#include "engine/api/http_server.h"

#include <QtCore/QCoreApplication>

#include <cassert>
#include <clocale>
#include <utility>

#include "engine/api/http_outbox.h"
#include "engine/api/http_server_loop.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread.h"

namespace larder::api {
namespace {

// Qt runs an event loop only where a QCoreApplication exists, on whichever thread. The tray app has one; where nobody
// made one (headless, tests), this one lives until the process ends. Its constructor adopts the user's locale and may
// complain about it; the decimal point must stay a point, and the complaint is no news to the user of a server.
void ensureQtApplication() {
    if (QCoreApplication::instance()) return;
    static const QCoreApplication* const kApplication = [] {
        static int argumentCount = 1;
        static char name[] = "larder";
        static char* arguments[] = {name, nullptr};
        const QtMessageHandler previous =
            qInstallMessageHandler([](QtMsgType, const QMessageLogContext&, const QString&) {});
        const auto* application = new QCoreApplication(argumentCount, arguments);
        qInstallMessageHandler(previous);
        std::setlocale(LC_NUMERIC, "C");
        return application;
    }();
    (void)kApplication;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view lowerCaseName) const {
    for (const auto& [name, value] : headers)
        if (name == lowerCaseName) return value;
    return {};
}

struct HttpServer::Inner {
    std::shared_ptr<HttpOutbox> outbox = std::make_shared<HttpOutbox>();
    std::uint16_t port = 0;
    base::Thread thread;
};

Expected<std::unique_ptr<HttpServer>> HttpServer::start(const std::string& host, std::uint16_t port,
                                                        const HttpLimits& limits, HttpHandler handler,
                                                        HttpErrorBody errorBody) {
    assert(handler && errorBody);
    ensureQtApplication();
    auto inner = std::make_unique<Inner>();
    // Shared, because the http thread may still be inside post() when the answer is read.
    auto started = std::make_shared<base::Mailbox<Expected<std::uint16_t>>>();
    inner->thread = base::Thread("http", [&, started, outbox = inner->outbox] {
        HttpServerLoop loop(limits, std::move(handler), std::move(errorBody), outbox);
        Expected<std::uint16_t> listening = loop.listen(host, port);
        const bool runs = listening.ok();
        started->post(std::move(listening));  // the caller's variables may be gone after this
        if (runs) loop.run();
    });
    Expected<std::uint16_t> listening = std::move(started->wait().front());
    if (!listening) return std::move(listening).error();
    inner->port = *listening;
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(inner)));
}

HttpServer::HttpServer(std::unique_ptr<Inner> inner) : m_inner(std::move(inner)) {}

HttpServer::~HttpServer() {
    m_inner->outbox->letters.post(HttpLetter());
    m_inner->thread.join();
}

std::uint16_t HttpServer::port() const {
    return m_inner->port;
}
std::size_t HttpServer::openConnections() const {
    return m_inner->outbox->openConnections;
}
std::size_t HttpServer::openReplies() const {
    return m_inner->outbox->openReplies;
}

}  // namespace larder::api
