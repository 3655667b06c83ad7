#include "engine/api/http_target.h"

#include <algorithm>
#include <limits>

#include "engine/base/utf8.h"

namespace larder::api {
namespace {

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}
bool isAlpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int hexDigit(char c) {
    if (isDigit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// None: a '%' without two hex digits, or an encoded NUL.
std::optional<std::string> percentDecoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const int high = hexDigit(text[i + 1]);
        const int low = hexDigit(text[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

}  // namespace

std::optional<HttpTarget> readTarget(std::string_view target, bool isOptions) {
    if (isOptions && target == "*") return HttpTarget{"*", ""};
    if (target.empty() || target.front() != '/') return std::nullopt;
    const auto isBad = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '#'; };
    if (std::any_of(target.begin(), target.end(), isBad) || !base::isUtf8(target)) return std::nullopt;
    const std::size_t mark = std::min(target.find('?'), target.size());
    std::optional<std::string> path = percentDecoded(target.substr(0, mark));
    if (!path || !base::isUtf8(*path)) return std::nullopt;
    return HttpTarget{std::move(*path), std::string(target.substr(std::min(mark + 1, target.size())))};
}

bool isHost(std::string_view value) {
    std::string_view rest;
    if (!value.empty() && value.front() == '[') {
        const std::size_t close = value.find(']');
        if (close == std::string_view::npos || close < 3) return false;
        const auto isAddressByte = [](char c) { return hexDigit(c) >= 0 || c == ':' || c == '.'; };
        if (!std::all_of(value.begin() + 1, value.begin() + static_cast<std::ptrdiff_t>(close), isAddressByte))
            return false;
        rest = value.substr(close + 1);
    } else {
        const auto isNameByte = [](char c) { return isAlpha(c) || isDigit(c) || c == '-' || c == '.' || c == '_'; };
        const auto end = std::find_if_not(value.begin(), value.end(), isNameByte);
        if (end == value.begin()) return false;
        rest = value.substr(static_cast<std::size_t>(end - value.begin()));
    }
    if (rest.empty()) return true;
    return rest.front() == ':' && rest.size() <= 6 && std::all_of(rest.begin() + 1, rest.end(), isDigit);
}

bool isTokenByte(char c) {
    return isAlpha(c) || isDigit(c) ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool isToken(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), isTokenByte);
}

std::string lowerCase(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> listElements(std::string_view value) {
    std::vector<std::string> elements;
    for (std::size_t at = 0; at <= value.size();) {
        const std::size_t comma = std::min(value.find(',', at), value.size());
        const std::string_view element = trimmed(value.substr(at, comma - at));
        if (!element.empty()) elements.push_back(lowerCase(element));
        at = comma + 1;
    }
    return elements;
}

std::optional<std::uint64_t> readDecimal(std::string_view text) {
    if (text.empty() || !std::all_of(text.begin(), text.end(), isDigit)) return std::nullopt;
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    std::uint64_t value = 0;
    for (const char c : text) {
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (value > (kMax - digit) / 10) return std::nullopt;
        value = value * 10 + digit;
    }
    return value;
}

}  // namespace larder::api
