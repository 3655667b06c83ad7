// Where a server listens, as a URL for people and clients.
#pragma once

#include <cstdint>
#include <string>

namespace larder {

// A wildcard address is reached through loopback.
inline std::string serverAddress(const std::string& host, std::uint16_t port) {
    std::string urlHost = host;
    if (host == "0.0.0.0") urlHost = "127.0.0.1";
    else if (host == "::") urlHost = "[::1]";
    else if (host.find(':') != std::string::npos) urlHost = "[" + host + "]";
    return "http://" + urlHost + ":" + std::to_string(port);
}

}  // namespace larder
