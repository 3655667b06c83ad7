#include "engine/text/json_spelling.h"

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "engine/base/utf8.h"

namespace larder::text {

namespace {

using base::Json;

// The same JSON text in ASCII.
std::string inAscii(std::string_view json) {
    std::string text;
    const auto unit = [&text](std::uint32_t code) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        text += "\\u";
        for (int shift = 12; shift >= 0; shift -= 4) text += kDigits[(code >> shift) & 15];
    };
    for (std::size_t at = 0; at < json.size();) {
        const base::CodePoint point = base::decodeUtf8(json, at);
        at += point.bytes;
        if (point.value < 0x7f) {
            text += static_cast<char>(point.value);
        } else if (point.value < 0x10000) {
            unit(point.value);
        } else {
            unit(0xd800 + ((point.value - 0x10000) >> 10));
            unit(0xdc00 + (point.value & 0x3ff));
        }
    }
    return text;
}

// 1.0 and 1 are one number.
Json plainNumber(const Json& value) {
    if (!value.is_number_float()) return value;
    const double number = value.get<double>();
    if (std::abs(number) > 1e15 || number != std::floor(number)) return value;
    return static_cast<std::int64_t>(number);
}

}  // namespace

std::string jsonText(const Json& value, const std::function<bool(std::string_view)>& canSpell) {
    std::string text = base::dumpJson(plainNumber(value));
    return canSpell(text) ? text : inAscii(text);
}

}  // namespace larder::text
