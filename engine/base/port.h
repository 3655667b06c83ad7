// Whether a TCP port of an address of this machine could be listened on now. Any thread; blocks for a moment at most.
#pragma once

#include <cstdint>
#include <string>

namespace larder::base {

// An IPv4 or IPv6 address, in brackets or not, or "localhost". Names are not looked up.
bool isAddress(const std::string& host);

enum class PortState {
    Free,
    Listening,      // somebody listens there and answers
    Taken,          // in use, but nobody answers
    NoPermission,   // a low port, or a rule of the system
    NoSuchAddress,  // a right address, but not one of this machine
    NotAnAddress,
    Unknown,        // the system refused for a reason of its own
};

// host: see isAddress(). Port 0: the address alone is tried.
PortState tryPort(const std::string& host, std::uint16_t port);

}  // namespace larder::base
