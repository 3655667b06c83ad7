#include "engine/base/port.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace larder::base {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

// "127.0.0.1", "::1", "fe80::1%eth0": as the system's calls want it.
std::string plainAddress(std::string host) {
    if (host == "localhost") return "127.0.0.1";
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') return host.substr(1, host.size() - 2);
    return host;
}

// Numbers only: looking names up would ask the network.
Addresses readAddressOf(const std::string& host, std::uint16_t port) {
    addrinfo wish{};
    wish.ai_socktype = SOCK_STREAM;
    wish.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    addrinfo* found = nullptr;
    if (::getaddrinfo(plainAddress(host).c_str(), std::to_string(port).c_str(), &wish, &found) != 0) found = nullptr;
    return Addresses(found, &::freeaddrinfo);
}

class PortSocket {
public:
    explicit PortSocket(const addrinfo& address)
        : m_fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
    ~PortSocket() { if (m_fd >= 0) ::close(m_fd); }
    PortSocket(const PortSocket&) = delete;
    PortSocket& operator=(const PortSocket&) = delete;
    int fd() const { return m_fd; }

private:
    int m_fd;
};

// A wildcard address is asked on loopback.
void makeReachable(sockaddr* address) {
    if (address->sa_family == AF_INET) {
        auto& v4 = *reinterpret_cast<sockaddr_in*>(address);
        if (v4.sin_addr.s_addr == htonl(INADDR_ANY)) v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else if (address->sa_family == AF_INET6) {
        auto& v6 = *reinterpret_cast<sockaddr_in6*>(address);
        if (IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr)) v6.sin6_addr = in6addr_loopback;
    }
}

bool answers(addrinfo& address) {
    constexpr int kPatienceMs = 300;  // the address is this machine's own: an answer takes microseconds
    makeReachable(address.ai_addr);
    const PortSocket socket(address);
    if (socket.fd() < 0) return false;
    if (::connect(socket.fd(), address.ai_addr, address.ai_addrlen) == 0) return true;
    if (errno != EINPROGRESS) return false;
    pollfd waiting{socket.fd(), POLLOUT, 0};
    if (::poll(&waiting, 1, kPatienceMs) <= 0) return false;
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace

bool isAddress(const std::string& host) {
    const std::string plain = plainAddress(host);
    const bool isBracketed = plain.size() < host.size() && host.front() == '[';
    if (plain.find('\0') != plain.npos) return false;
    in_addr v4{};
    if (!isBracketed && ::inet_pton(AF_INET, plain.c_str(), &v4) == 1) return true;
    const std::size_t scope = plain.find('%');
    in6_addr v6{};
    return (scope == plain.npos || scope + 1 < plain.size()) && ::inet_pton(AF_INET6, plain.substr(0, scope).c_str(), &v6) == 1;
}

PortState tryPort(const std::string& host, std::uint16_t port) {
    if (!isAddress(host)) return PortState::NotAnAddress;
    const Addresses addresses = readAddressOf(host, port);
    if (!addresses) return PortState::NoSuchAddress;  // a scope ("%eth0") that is not here
    addrinfo& address = *addresses;
    int error = 0;
    {
        const PortSocket socket(address);
        if (socket.fd() < 0) return errno == EAFNOSUPPORT ? PortState::NoSuchAddress : PortState::Unknown;
        // As the server does it: connections of an earlier run that linger are no obstacle, a listener is. Somebody who is
        // bound in the same way but does not listen yet shows in listen() only.
        const int yes = 1;
        ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (::bind(socket.fd(), address.ai_addr, address.ai_addrlen) == 0 && ::listen(socket.fd(), 1) == 0) return PortState::Free;
        error = errno;
    }
    switch (error) {
        case EADDRINUSE: return answers(address) ? PortState::Listening : PortState::Taken;
        case EACCES: case EPERM: return PortState::NoPermission;
        case EADDRNOTAVAIL: return PortState::NoSuchAddress;
        default: return PortState::Unknown;
    }
}

}  // namespace larder::base
