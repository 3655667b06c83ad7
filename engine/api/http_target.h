// The pieces of a request's head that have a grammar of their own: target, Host, tokens, lists. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::api {

struct HttpTarget {
    std::string path;   // percent-decoded, UTF-8, no NUL
    std::string query;  // as sent
};

// "/path?query", or "*" for OPTIONS. None: malformed, another form, or the path is not UTF-8 after decoding.
std::optional<HttpTarget> readTarget(std::string_view target, bool isOptions);

// A host name, IPv4 or [IPv6], with an optional port: what a Host header may hold.
bool isHost(std::string_view value);

bool isTokenByte(char c);                         // RFC 9110 §5.6.2
bool isToken(std::string_view text);              // not empty
std::string lowerCase(std::string_view text);     // ASCII only
std::string_view trimmed(std::string_view text);  // of spaces and tabs

// "a, B" -> {"a", "b"}; empty elements dropped.
std::vector<std::string> listElements(std::string_view value);

// Decimal digits only, at most 2^63 - 1.
std::optional<std::uint64_t> readDecimal(std::string_view text);

}  // namespace larder::api
