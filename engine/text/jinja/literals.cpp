#include "engine/text/jinja/literals.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "engine/base/utf8.h"

namespace larder::text::jinja {
namespace {

bool isDigitOf(char c, int radix) {
    const char lower = static_cast<char>(c | 0x20);
    const int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
    return digit < radix;
}

// Behind the digits at `at`, which may have single underscores between them.
std::size_t afterDigits(std::string_view source, std::size_t at, int radix) {
    const auto accepted = [&](std::size_t i) { return i < source.size() && isDigitOf(source[i], radix); };
    while (accepted(at) || (at < source.size() && source[at] == '_' && accepted(at + 1))) ++at;
    return at;
}

char charAt(std::string_view source, std::size_t at) { return at < source.size() ? source[at] : '\0'; }

// Behind the fraction and exponent that follow the digits; `end` if there are none.
std::size_t afterFraction(std::string_view source, std::size_t end) {
    const auto digitAt = [&](std::size_t i) { return isDigitOf(charAt(source, i), 10); };
    if (charAt(source, end) == '.' && digitAt(end + 1)) end = afterDigits(source, end + 1, 10);
    if (charAt(source, end) != 'e' && charAt(source, end) != 'E') return end;
    const char sign = charAt(source, end + 1);
    const std::size_t digit = end + (sign == '+' || sign == '-' ? 2 : 1);
    return digitAt(digit) ? afterDigits(source, digit, 10) : end;
}

std::string withoutUnderscores(std::string_view text) {
    std::string out(text);
    out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
    return out;
}

// The code point of `count` hexadecimal digits; nullopt if there are fewer.
std::optional<char32_t> hexadecimal(std::string_view body, std::size_t at, std::size_t count) {
    if (at + count > body.size()) return std::nullopt;
    std::uint32_t value = 0;
    const char* last = body.data() + at + count;
    const auto result = std::from_chars(body.data() + at, last, value, 16);
    if (result.ec != std::errc() || result.ptr != last || value > 0x10ffff) return std::nullopt;
    return value;
}

// The reference escapes a character that is not ASCII first, so that a backslash before it swallows that escape's own.
void appendSwallowed(std::string& out, char32_t c) {
    std::array<char, 24> escape;
    const char* format = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
    std::snprintf(escape.data(), escape.size(), format, static_cast<unsigned>(c));
    out += escape.data();
}

}  // namespace

NumberLiteral readNumberLiteral(std::string_view source, std::size_t at) {
    NumberLiteral out;
    const bool afterDot = at > 0 && source[at - 1] == '.';
    out.end = afterDigits(source, at, 10);
    if (const std::size_t end = afterFraction(source, out.end); end > out.end && !afterDot) {
        out.isFloat = true;
        out.end = end;
        const std::string text = withoutUnderscores(source.substr(at, end - at));
        const auto result = std::from_chars(text.data(), text.data() + text.size(), out.number);
        out.outOfRange = result.ec != std::errc();
        return out;
    }
    int radix = 10;
    std::size_t first = at;
    if (source[at] == '0') {  // a radix, or nothing but zeros
        const char mark = static_cast<char>(charAt(source, at + 1) | 0x20);
        radix = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
        out.end = afterDigits(source, radix == 10 ? at : at + 2, radix == 10 ? 1 : radix);
        if (radix != 10 && out.end > at + 2) {
            first = at + 2;
        } else if (radix != 10) {
            radix = 10;
            out.end = at + 1;
        }
    }
    const std::string text = withoutUnderscores(source.substr(first, out.end - first));
    const auto result = std::from_chars(text.data(), text.data() + text.size(), out.integer, radix);
    out.outOfRange = result.ec != std::errc();
    return out;
}

std::optional<std::string> unescaped(std::string_view body) {
    constexpr std::string_view kNames = "abfnrtv\\'\"";
    constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\'\"";
    std::string out;
    for (std::size_t i = 0; i < body.size();) {
        if (body[i] != '\\' || i + 1 >= body.size()) {
            out += body[i++];
            continue;
        }
        const char c = body[i + 1];
        i += 2;
        if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
            out += kValues[known];
        } else if (c == 'x' || c == 'u' || c == 'U') {
            const std::size_t count = c == 'x' ? 2 : c == 'u' ? 4 : 8;
            const auto value = hexadecimal(body, i, count);
            if (!value) return std::nullopt;
            base::appendUtf8(out, *value);
            i += count;
        } else if (isDigitOf(c, 8)) {
            char32_t value = 0;
            const std::size_t last = std::min(body.size(), i + 2);
            for (--i; i < last && isDigitOf(body[i], 8); ++i) value = value * 8 + static_cast<char32_t>(body[i] - '0');
            base::appendUtf8(out, value);
        } else if (c == 'N') {
            return std::nullopt;
        } else if (static_cast<unsigned char>(c) >= 0x80) {
            const base::CodePoint point = base::decodeUtf8(body, i - 1);
            appendSwallowed(out, point.value);
            i += point.bytes - 1;
        } else if (c != '\n') {
            out += '\\';
            out += c;
        }
    }
    return out;
}

}  // namespace larder::text::jinja
