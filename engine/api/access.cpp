#include "engine/api/access.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "engine/api/http_target.h"
#include "engine/base/secret.h"

namespace larder::api {
namespace {

constexpr std::size_t kMaxEchoedHeaderNames = 2000;

bool isPort(std::string_view text) {
    unsigned port = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && port <= 65535;
}

// "host:port" or "[v6]:port" without its port; nullopt if it is neither.
std::optional<std::string_view> withoutPort(std::string_view authority) {
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == authority.npos) return std::nullopt;
        const std::string_view rest = authority.substr(close + 1);
        if (!rest.empty() && (rest.front() != ':' || !isPort(rest.substr(1)))) return std::nullopt;
        return authority.substr(0, close + 1);
    }
    const std::size_t colon = authority.find(':');
    if (colon == authority.npos) return authority;
    if (!isPort(authority.substr(colon + 1))) return std::nullopt;
    return authority.substr(0, colon);
}

// 127.x.y.z written as four decimal numbers; nothing a resolver would look up.
bool isLoopbackV4(std::string_view host) {
    int parts = 0;
    while (true) {
        const std::size_t dot = host.find('.');
        const std::string_view part = host.substr(0, dot);
        unsigned value = 0;
        const auto parsed = std::from_chars(part.data(), part.data() + part.size(), value);
        if (part.empty() || part.size() > 3 || parsed.ec != std::errc() || parsed.ptr != part.data() + part.size() ||
            value > 255 || (parts == 0 && value != 127))
            return false;
        ++parts;
        if (dot == host.npos) return parts == 4;
        host.remove_prefix(dot + 1);
    }
}

bool isHeaderNameList(std::string_view text) {
    return text.size() <= kMaxEchoedHeaderNames && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '_' || c == ',' || c == ' ';
           });
}

}  // namespace

bool isLoopbackHost(std::string_view host) {
    const std::string name = lowerCase(host);
    return name == "localhost" || (name.ends_with(".localhost") && name.size() > 10) || name == "::1" ||
           name == "[::1]" || isLoopbackV4(name);
}

bool hostIsAllowed(std::string_view host, std::string_view boundHost) {
    // Only HTTP/1.0 may leave Host out, and no browser speaks that.
    if (!isLoopbackHost(boundHost) || host.empty()) return true;
    const auto name = withoutPort(trimmed(host));
    return name && *name != "::1" && isLoopbackHost(*name);
}

OriginVerdict judgeOrigin(std::string_view origin, std::string_view host) {
    if (origin.empty()) return OriginVerdict::Absent;
    const std::string text = lowerCase(trimmed(origin));
    std::string_view authority = text;
    if (text.starts_with("http://"))
        authority.remove_prefix(7);
    else if (text.starts_with("https://"))
        authority.remove_prefix(8);
    else
        return OriginVerdict::NeedsKey;
    const auto name = withoutPort(authority);
    if (!name || name->empty()) return OriginVerdict::Refused;
    if (isLoopbackHost(*name) && *name != "::1") return OriginVerdict::Allowed;
    return authority == lowerCase(trimmed(host)) ? OriginVerdict::Allowed : OriginVerdict::Refused;
}

bool keyIsValid(const HttpRequest& request, std::string_view key) {
    if (key.empty()) return true;
    const std::string_view authorization = trimmed(request.header("authorization"));
    std::string_view bearer;
    if (authorization.size() > 7 && lowerCase(authorization.substr(0, 7)) == "bearer ")
        bearer = trimmed(authorization.substr(7));
    const bool byBearer = base::equalInConstantTime(bearer, key);
    const bool byHeader = base::equalInConstantTime(trimmed(request.header("x-api-key")), key);
    return byBearer || byHeader;
}

HttpHeaders corsHeaders(std::string_view origin) {
    return {{"Access-Control-Allow-Origin", std::string(trimmed(origin))}, {"Vary", "Origin"}};
}

HttpHeaders preflightHeaders(const HttpRequest& request, std::string_view allowedMethods) {
    const std::string_view wanted = request.header("access-control-request-headers");
    HttpHeaders headers{{"Access-Control-Allow-Methods", std::string(allowedMethods)},
                        {"Access-Control-Max-Age", "600"}};
    headers.emplace_back("Access-Control-Allow-Headers", !wanted.empty() && isHeaderNameList(wanted)
                                                             ? std::string(wanted)
                                                             : "authorization, content-type, x-api-key");
    if (request.header("access-control-request-private-network") == "true")
        headers.emplace_back("Access-Control-Allow-Private-Network", "true");
    return headers;
}

}  // namespace larder::api
