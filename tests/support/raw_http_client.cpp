#include "tests/support/raw_http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>

namespace larder::support {
namespace {

constexpr int kDeadlineMs = 20'000;

}  // namespace

std::string RawHttpReply::header(std::string_view lowerCaseName) const {
    std::string lower = head;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t at = lower.find("\r\n" + std::string(lowerCaseName) + ": ");
    if (at == std::string::npos) return "";
    const std::size_t first = at + lowerCaseName.size() + 4;
    return head.substr(first, head.find("\r\n", first) - first);
}

RawHttpClient::RawHttpClient(std::uint16_t port, const std::string& host, int receiveBufferBytes) {
    const bool six = host.find(':') != std::string::npos;
    const int socket = ::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receiveBufferBytes > 0)
        ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &receiveBufferBytes, sizeof receiveBufferBytes);
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int failed = 0;
    if (six) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        ::inet_pton(AF_INET6, host.c_str(), &address.sin6_addr);
        failed = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    } else {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
        failed = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    if (failed != 0)
        ::close(socket);
    else
        m_socket = socket;
}

RawHttpClient::RawHttpClient(RawHttpClient&& other) noexcept
    : m_socket(std::exchange(other.m_socket, -1)), m_received(std::move(other.m_received)), m_end(other.m_end) {}

bool RawHttpClient::waitFor(short events) {
    pollfd state{m_socket, events, 0};
    if (m_socket >= 0 && ::poll(&state, 1, kDeadlineMs) > 0) return true;
    m_end = End::DeadlinePassed;
    return false;
}

bool RawHttpClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        if (!waitFor(POLLOUT)) return false;
        const ssize_t count = ::send(m_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
        if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
    }
    return true;
}

std::size_t RawHttpClient::sendUntilBlocked(std::string_view bytes) {
    std::size_t total = 0;
    pollfd state{m_socket, POLLOUT, 0};
    while (::poll(&state, 1, 500) > 0) {
        const ssize_t count = ::send(m_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count > 0) total += static_cast<std::size_t>(count);
        if (count < 0 && errno != EAGAIN && errno != EINTR) break;
    }
    return total;
}

bool RawHttpClient::readMore() {
    if (m_end != End::Open || !waitFor(POLLIN)) return false;
    std::array<char, 65536> buffer;
    const ssize_t count = ::recv(m_socket, buffer.data(), buffer.size(), 0);
    if (count > 0) m_received.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0) m_end = End::Closed;
    if (count < 0) m_end = End::Reset;
    return count > 0;
}

std::string RawHttpClient::take(std::size_t bytes) {
    std::string out = m_received.substr(0, bytes);
    m_received.erase(0, out.size());
    return out;
}

bool RawHttpClient::fill(std::size_t bytes) {
    while (m_received.size() < bytes)
        if (!readMore()) return false;
    return true;
}

std::string RawHttpClient::readUntil(std::string_view needle) {
    std::size_t from = 0;
    for (;;) {
        const std::size_t at = m_received.find(needle, from);
        if (at != std::string::npos) return take(at + needle.size());
        from = m_received.size() < needle.size() ? 0 : m_received.size() - needle.size();
        if (!readMore()) return take(m_received.size());
    }
}

std::string RawHttpClient::readToEnd() {
    while (readMore()) {
    }
    return take(m_received.size());
}

RawHttpReply RawHttpClient::readReply(bool toHead) {
    RawHttpReply reply;
    do {
        reply.head = readUntil("\r\n\r\n");
    } while (reply.head.rfind("HTTP/1.1 100", 0) == 0);
    if (reply.head.rfind("HTTP/1.1 ", 0) != 0) return reply;
    reply.status = std::atoi(reply.head.c_str() + 9);
    if (toHead || reply.status == 204 || reply.status == 304) {
        reply.complete = true;
    } else if (const std::string length = reply.header("content-length"); !length.empty()) {
        const std::size_t bytes = std::strtoull(length.c_str(), nullptr, 10);
        reply.complete = fill(bytes);
        reply.body = take(bytes);
    } else if (reply.header("transfer-encoding") == "chunked") {
        readChunks(reply);
    } else {
        reply.body = readToEnd();
        reply.complete = m_end == End::Closed;
    }
    return reply;
}

void RawHttpClient::readChunks(RawHttpReply& reply) {
    for (;;) {
        const std::string size = readUntil("\r\n");
        char* stop = nullptr;
        const std::size_t bytes = std::strtoull(size.c_str(), &stop, 16);
        if (stop == size.c_str() || std::string_view(stop) != "\r\n" || !fill(bytes + 2)) return;
        reply.body += take(bytes);
        if (take(2) != "\r\n") return;
        if (bytes == 0) break;
    }
    reply.complete = true;
}

bool RawHttpClient::readable() const {
    pollfd state{m_socket, POLLIN, 0};
    return !m_received.empty() || ::poll(&state, 1, 0) > 0;
}

void RawHttpClient::endSending() {
    ::shutdown(m_socket, SHUT_WR);
}

void RawHttpClient::close() {
    if (m_socket >= 0) ::close(std::exchange(m_socket, -1));
}

void RawHttpClient::reset() {
    const linger now{1, 0};
    ::setsockopt(m_socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

void pauseBetweenLooks() {
    ::poll(nullptr, 0, 2);
}

}  // namespace larder::support
