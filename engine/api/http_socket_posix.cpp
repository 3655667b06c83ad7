#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/api/http_socket.h"

namespace larder::api {
namespace {

int fd(std::intptr_t descriptor) {
    return static_cast<int>(descriptor);
}

}  // namespace

HttpSocket::HttpSocket(std::intptr_t descriptor) : m_descriptor(descriptor) {
    ::fcntl(fd(m_descriptor), F_SETFL, ::fcntl(fd(m_descriptor), F_GETFL) | O_NONBLOCK);
    ::fcntl(fd(m_descriptor), F_SETFD, FD_CLOEXEC);
    const int on = 1;
    ::setsockopt(fd(m_descriptor), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd(m_descriptor), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

HttpSocket::Transfer HttpSocket::read(char* into, std::size_t capacity) {
    for (;;) {
        const ssize_t count = ::recv(fd(m_descriptor), into, capacity, 0);
        if (count > 0) return {Outcome::Done, static_cast<std::size_t>(count)};
        if (count == 0) return {Outcome::Ended, 0};
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {Outcome::WouldBlock, 0};
        if (errno != EINTR) return {Outcome::Failed, 0};
    }
}

HttpSocket::Transfer HttpSocket::write(std::string_view bytes) {
    std::size_t written = 0;
    while (written < bytes.size()) {
        const ssize_t count = ::send(fd(m_descriptor), bytes.data() + written, bytes.size() - written, MSG_NOSIGNAL);
        if (count >= 0) {
            written += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return {Outcome::WouldBlock, written};
        } else if (errno != EINTR) {
            return {Outcome::Failed, written};
        }
    }
    return {Outcome::Done, written};
}

void HttpSocket::endWriting() {
    ::shutdown(fd(m_descriptor), SHUT_WR);
}

bool HttpSocket::failed() const {
    pollfd state{fd(m_descriptor), 0, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

void HttpSocket::reset() {
    const linger now{1, 0};
    ::setsockopt(fd(m_descriptor), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

void HttpSocket::close() {
    if (m_descriptor >= 0) ::close(fd(std::exchange(m_descriptor, -1)));
}

}  // namespace larder::api
