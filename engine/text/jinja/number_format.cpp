#include "engine/text/jinja/number_format.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

#include "engine/text/jinja/budget.h"

namespace larder::text::jinja {

std::string formatFloat(double number, char kind, int precision, bool alternative) {
    if (!std::isfinite(number)) {
        std::string out = std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
        if (kind == 'E' || kind == 'F' || kind == 'G') std::transform(out.begin(), out.end(), out.begin(), ::toupper);
        return out;
    }
    if (precision > 500) fail("a precision is too large");
    const std::string format = std::string("%") + (alternative ? "#" : "") + ".*" + kind;
    std::vector<char> buffer(static_cast<std::size_t>(precision) + 400);
    // The format is one of eight fixed ones.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    const int size = std::snprintf(buffer.data(), buffer.size(), format.c_str(), precision, number);
#pragma GCC diagnostic pop
    return std::string(buffer.data(), static_cast<std::size_t>(std::max(size, 0)));
}

std::string formatInteger(std::int64_t number, int base, bool upper) {
    char buffer[72];
    const auto result = std::to_chars(buffer, buffer + sizeof buffer, number, base);
    std::string out(buffer, result.ptr);
    if (upper) std::transform(out.begin(), out.end(), out.begin(), ::toupper);
    return out;
}

std::string grouped(std::string digits, char separator, int size) {
    const std::size_t start = !digits.empty() && (digits[0] == '-' || digits[0] == '+') ? 1 : 0;
    std::size_t end = start;
    while (end < digits.size() && std::isxdigit(static_cast<unsigned char>(digits[end])) != 0 && digits[end] != 'e')
        ++end;
    for (std::size_t at = end; at > start + static_cast<std::size_t>(size);) {
        at -= static_cast<std::size_t>(size);
        digits.insert(at, 1, separator);
    }
    return digits;
}

}  // namespace larder::text::jinja
