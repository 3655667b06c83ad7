#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/number_format.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/text_operations.h"

namespace larder::text::jinja {
namespace {

// Without white space around it and single underscores between digits; nullopt if underscores stand elsewhere.
std::optional<std::string> cleanNumber(Budget& budget, const Value& value) {
    const std::string text = stripped(budget, value.text(), std::nullopt, Side::Both).bytes();
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '_') {
            out += text[i];
            continue;
        }
        const auto alnum = [&](std::size_t at) {
            return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
        };
        if (i == 0 || !alnum(i - 1) || !alnum(i + 1)) return std::nullopt;
    }
    return out;
}

// Python's int(text, base).
std::optional<std::int64_t> parseInteger(Budget& budget, const Value& value, std::int64_t base) {
    const auto clean = cleanNumber(budget, value);
    if (!clean || clean->empty()) return std::nullopt;
    std::string_view digits = *clean;
    const bool negative = digits[0] == '-';
    if (digits[0] == '-' || digits[0] == '+') digits.remove_prefix(1);
    const auto prefixed = [&](char letter) {
        return digits.size() > 2 && digits[0] == '0' && (digits[1] | 0x20) == letter;
    };
    if (base == 0) base = prefixed('x') ? 16 : prefixed('o') ? 8 : prefixed('b') ? 2 : 10;
    if ((base == 16 && prefixed('x')) || (base == 8 && prefixed('o')) || (base == 2 && prefixed('b')))
        digits.remove_prefix(2);
    if (digits.empty() || digits[0] == '-' || digits[0] == '+') return std::nullopt;
    std::uint64_t number = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number, static_cast<int>(base));
    if (result.ptr != digits.data() + digits.size() || result.ec == std::errc::invalid_argument) return std::nullopt;
    if (result.ec != std::errc() || number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        fail("a whole number is out of range (64 bits)");
    }
    return negative ? -static_cast<std::int64_t>(number) : static_cast<std::int64_t>(number);
}

// Python's float(value); nullopt where it raises TypeError or ValueError.
std::optional<double> parseFloat(Budget& budget, const Value& value) {
    if (value.undefined()) failUndefined(value);
    if (value.isNumber()) return value.number();
    if (!value.isString()) return std::nullopt;
    auto clean = cleanNumber(budget, value);
    if (!clean || clean->empty()) return std::nullopt;
    std::string_view digits = *clean;
    const bool negative = digits[0] == '-';
    if (digits[0] == '-' || digits[0] == '+') digits.remove_prefix(1);
    std::string lower(digits);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    double number = 0;
    if (lower == "inf" || lower == "infinity") {
        number = std::numeric_limits<double>::infinity();
    } else if (lower == "nan") {
        number = std::numeric_limits<double>::quiet_NaN();
    } else {
        if (lower.empty() || lower.find_first_not_of("0123456789.e+-") != std::string::npos || lower[0] == '-' ||
            lower[0] == '+') {
            return std::nullopt;
        }
        const auto result = std::from_chars(lower.data(), lower.data() + lower.size(), number);
        if (result.ptr != lower.data() + lower.size() || result.ec == std::errc::invalid_argument) return std::nullopt;
        if (result.ec == std::errc::result_out_of_range) {
            // Too large becomes infinite, too small becomes zero.
            const std::size_t mark = lower.find('e');
            const bool small = mark != std::string::npos && mark + 1 < lower.size() && lower[mark + 1] == '-';
            number = small ? 0 : std::numeric_limits<double>::infinity();
        }
    }
    return negative ? -number : number;
}

std::optional<std::int64_t> truncated(double number) {
    if (!std::isfinite(number)) return std::nullopt;
    if (std::fabs(number) >= 9.2233720368547748e18) fail("a whole number is out of range (64 bits)");
    return static_cast<std::int64_t>(number);
}

Value intFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("int", arguments, {"default", "base"});
    const Value otherwise = given[0].missing() ? Value::integer(0) : given[0];
    if (input.undefined()) failUndefined(input);
    if (input.isIntegral()) return Value::integer(input.integer());
    if (input.isString()) {
        const std::int64_t base = given[1].missing() ? 10 : integerArgument(given[1]);
        if (base == 0 || (base >= 2 && base <= 36)) {
            if (const auto number = parseInteger(interpreter.budget(), input, base)) return Value::integer(*number);
        }
    } else if (input.is(Kind::Float) && std::isinf(input.number())) {
        fail("cannot convert float infinity to integer");
    }
    const auto number = parseFloat(interpreter.budget(), input);
    const auto whole = number ? truncated(*number) : std::nullopt;
    return whole ? Value::integer(*whole) : otherwise;
}

Value floatFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("float", arguments, {"default"});
    if (const auto number = parseFloat(interpreter.budget(), input)) return Value::floating(*number);
    return given[0].missing() ? Value::floating(0) : given[0];
}

Value absFilter(Interpreter&, const Value& input, Arguments& arguments) {
    bind("abs", arguments, {});
    if (!input.isNumber()) fail("bad operand type for abs(): '" + typeName(input) + "'");
    if (input.is(Kind::Float)) return Value::floating(std::fabs(input.number()));
    return input.integer() < 0 ? negate(input) : Value::integer(input.integer());
}

// To the nearest, halves to even, of what the binary number exactly is.
double roundedHalfEven(double number, std::int64_t precision) {
    if (!std::isfinite(number) || precision > 300) return number;
    if (precision >= 0)
        return std::strtod(formatFloat(number, 'f', static_cast<int>(precision), false).c_str(), nullptr);
    if (precision < -310) return std::copysign(0.0, number);
    const double unit = std::pow(10.0, static_cast<double>(-precision));
    return std::nearbyint(number / unit) * unit;
}

Value roundedInteger(std::int64_t number, std::int64_t precision) {
    if (precision >= 0) return Value::integer(number);
    if (precision < -18) return Value::integer(0);
    std::int64_t unit = 1;
    for (std::int64_t i = 0; i > precision; --i) unit *= 10;
    std::int64_t rest = number % unit;
    std::int64_t down = number - rest;
    if (rest < 0) {
        rest += unit;
        if (__builtin_sub_overflow(down, unit, &down)) fail("a whole number is out of range (64 bits)");
    }
    const bool up = rest > unit - rest || (rest == unit - rest && (down / unit) % 2 != 0);
    if (up && __builtin_add_overflow(down, unit, &down)) fail("a whole number is out of range (64 bits)");
    return Value::integer(down);
}

Value roundFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("round", arguments, {"precision", "method"});
    const std::int64_t precision = given[0].missing() ? 0 : integerArgument(given[0]);
    const std::string method = given[1].missing() ? "common" : textArgument("round()", given[1]).bytes();
    if (method != "common" && method != "ceil" && method != "floor") fail("method must be common, ceil or floor");
    if (!input.isNumber()) fail("type " + typeName(input) + " doesn't define __round__ method");
    if (method == "common") {
        if (input.isIntegral()) return roundedInteger(input.integer(), precision);
        return Value::floating(roundedHalfEven(input.number(), precision));
    }
    const Value unit = arithmetic(interpreter, "**", Value::integer(10), Value::integer(precision));
    const Value scaled = arithmetic(interpreter, "*", input, unit);
    const double number = method == "ceil" ? std::ceil(scaled.number()) : std::floor(scaled.number());
    const auto whole = truncated(number);
    if (!whole) fail("cannot convert float infinity to integer");
    return arithmetic(interpreter, "/", Value::integer(*whole), unit);
}

}  // namespace

FilterFunction findNumberFilter(std::string_view name) {
    if (name == "int") return intFilter;
    if (name == "float") return floatFilter;
    if (name == "abs") return absFilter;
    if (name == "round") return roundFilter;
    return nullptr;
}

}  // namespace larder::text::jinja
