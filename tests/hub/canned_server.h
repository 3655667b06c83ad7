// A test double for a web server: one thread, one connection at a time, each request answered by a function with raw
// bytes, then the connection is closed. What was asked is kept.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/base/snapshot.h"
#include "engine/base/thread.h"

namespace larder::support {

struct CannedAnswer {
    std::string bytes;        // empty: hangs up without a word
    bool thenSilent = false;  // keeps the connection open until the client goes
};

inline std::string httpAnswer(const std::string& status, const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
}

class CannedServer {
public:
    // request: all bytes up to the empty line. Called on the server's thread.
    using Reply = std::function<CannedAnswer(const std::string& request)>;

    explicit CannedServer(Reply reply) : m_reply(std::move(reply)) {
        m_listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(m_listener, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(m_listener, 16);
        ::getsockname(m_listener, reinterpret_cast<sockaddr*>(&address), &size);
        m_port = ntohs(address.sin_port);
        m_thread = base::Thread("canned-server", [this] { serve(); });
    }
    ~CannedServer() {
        ::shutdown(m_listener, SHUT_RDWR);
        m_thread.join();
        ::close(m_listener);
    }
    CannedServer(const CannedServer&) = delete;
    CannedServer& operator=(const CannedServer&) = delete;

    std::string host() const { return "127.0.0.1:" + std::to_string(m_port); }
    std::string url() const { return "http://" + host(); }
    int port() const { return m_port; }
    std::vector<std::string> requests() const { return m_requests.read(); }

private:
    void serve() {
        for (int client; (client = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; ::close(client)) {
            std::string request;
            char buffer[4096];
            while (request.find("\r\n\r\n") == std::string::npos) {
                const ssize_t count = ::recv(client, buffer, sizeof buffer, 0);
                if (count <= 0) break;
                request.append(buffer, static_cast<std::size_t>(count));
            }
            if (request.find("\r\n\r\n") == std::string::npos) continue;
            auto requests = m_requests.read();
            requests.push_back(request);
            m_requests.publish(std::move(requests));
            const CannedAnswer answer = m_reply(request);
            for (std::size_t sent = 0; sent < answer.bytes.size();) {
                const ssize_t count =
                    ::send(client, answer.bytes.data() + sent, answer.bytes.size() - sent, MSG_NOSIGNAL);
                if (count <= 0) break;
                sent += static_cast<std::size_t>(count);
            }
            if (answer.thenSilent)
                while (::recv(client, buffer, sizeof buffer, 0) > 0) {
                }
        }
    }

    Reply m_reply;
    int m_listener = -1;
    int m_port = 0;
    base::Snapshot<std::vector<std::string>> m_requests;
    base::Thread m_thread;
};

}  // namespace larder::support
