// Numbers and strings as templates write them. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::text::jinja {

struct NumberLiteral {
    std::size_t end = 0;  // of it, in the source
    bool isFloat = false, outOfRange = false;
    std::int64_t integer = 0;
    double number = 0;
};

// The number that starts with the digit at source[at]: decimal, 0x, 0o, 0b, with fraction or exponent, underscores.
NumberLiteral readNumberLiteral(std::string_view source, std::size_t at);

// What a string literal stands for, given what is between its quotes; nullopt for a broken escape and for \N.
// Unknown escapes stay as they are.
std::optional<std::string> unescaped(std::string_view body);

}  // namespace larder::text::jinja
