// Small pieces of JSON text: scalars as written, strings as they are to be written. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace larder::text {

// -?(0|[1-9][0-9]*) and, for numbers, fraction and exponent; within the range of a double.
bool isJsonInteger(std::string_view text);
bool isJsonNumber(std::string_view text);
// A number, true, false or null.
bool isJsonScalar(std::string_view text);
// Whether more bytes could make it one; for numbers by their characters alone.
bool beginsJsonScalar(std::string_view text);

// piece as it stands between the quotes of a JSON string: what must be escaped is, as base::dumpJson does it.
void appendJsonCharacters(std::string& json, std::string_view piece);
void appendJsonString(std::string& json, std::string_view text);

}  // namespace larder::text
