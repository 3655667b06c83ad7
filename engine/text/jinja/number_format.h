// Numbers as % and format() write them. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace larder::text::jinja {

// kind: one of eEfFgG. alternative: '#', keeps the point and trailing zeros.
std::string formatFloat(double number, char kind, int precision, bool alternative);
// base 2, 8, 10 or 16; a sign in front of negative ones, no prefix.
std::string formatInteger(std::int64_t number, int base, bool upper);
// Thousands separated in the digits before a point or exponent.
std::string grouped(std::string digits, char separator, int size = 3);

}  // namespace larder::text::jinja
