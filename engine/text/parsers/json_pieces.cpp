#include "engine/text/parsers/json_pieces.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace larder::text {
namespace {

constexpr std::array<std::string_view, 3> kJsonLiterals = {"true", "false", "null"};

constexpr bool isDigit(char byte) { return byte >= '0' && byte <= '9'; }

// Takes the digits at the front; false if there are none.
bool takeDigits(std::string_view& text) {
    const auto first = text.size();
    while (!text.empty() && isDigit(text.front())) text.remove_prefix(1);
    return text.size() < first;
}

bool takeInteger(std::string_view& text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    if (!text.starts_with('0')) return takeDigits(text);
    text.remove_prefix(1);
    return true;
}

// Readers of JSON refuse what no double can hold.
bool isWithinDouble(std::string_view text) {
    double value = 0;
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
}

}  // namespace

bool isJsonInteger(std::string_view text) {
    std::string_view rest = text;
    return takeInteger(rest) && rest.empty() && isWithinDouble(text);
}

bool isJsonNumber(std::string_view text) {
    std::string_view rest = text;
    if (!takeInteger(rest)) return false;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        if (!takeDigits(rest)) return false;
    }
    if (rest.starts_with('e') || rest.starts_with('E')) {
        rest.remove_prefix(1);
        if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
        if (!takeDigits(rest)) return false;
    }
    return rest.empty() && isWithinDouble(text);
}

bool isJsonScalar(std::string_view text) {
    return std::ranges::find(kJsonLiterals, text) != kJsonLiterals.end() || isJsonNumber(text);
}

bool beginsJsonScalar(std::string_view text) {
    if (text.starts_with('-') || (!text.empty() && isDigit(text.front()))) {
        const char last = text.back();
        return isDigit(last) || last == '.' || last == 'e' || last == 'E' || last == '+' || last == '-';
    }
    return std::ranges::any_of(kJsonLiterals, [&](std::string_view literal) { return literal.starts_with(text); });
}

void appendJsonCharacters(std::string& json, std::string_view piece) {
    constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\bfnrt";
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const char byte : piece) {
        const auto code = static_cast<unsigned char>(byte);
        if (const std::size_t which = kEscaped.find(byte); which != std::string_view::npos) {
            json += '\\';
            json += kLetters[which];
        } else if (code < 0x20) {
            json += "\\u00";
            json += kDigits[code >> 4];
            json += kDigits[code & 15];
        } else {
            json += byte;
        }
    }
}

void appendJsonString(std::string& json, std::string_view text) {
    json += '"';
    appendJsonCharacters(json, text);
    json += '"';
}

}  // namespace larder::text
