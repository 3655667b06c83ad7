// Who a URL talks to: scheme, host and port, as libcurl itself reads them (a second parser would be a way around the
// rule that the token goes to one place only). Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace larder::hub {

struct WebAddress {
    std::string scheme;      // "http" or "https"
    std::string host;        // lower case; "[::1]" with its brackets
    std::uint16_t port = 0;  // the scheme's own where the URL names none

    bool operator==(const WebAddress&) const = default;
    std::string text() const;  // "huggingface.co", "localhost:8080": for people
};

// Nothing for a URL that is not http or https with a host, or that carries a user name or a password.
std::optional<WebAddress> readWebAddress(const std::string& url);

// The absolute URL that location (absolute or relative) means in a response of base, without a fragment; nothing when
// it is no URL.
std::optional<std::string> resolveLocation(const std::string& base, const std::string& location);

// For people and logs: without the query, which may carry a signature, and no longer than a line.
std::string withoutQuery(const std::string& url);

}  // namespace larder::hub
