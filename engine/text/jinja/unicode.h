// What Python knows about characters: classes and case. Tables of Unicode 14. Any thread.
#pragma once

#include <string>

namespace larder::text::jinja {

bool isSpace(char32_t c);
bool isAlpha(char32_t c);
bool isDecimal(char32_t c);
bool isDigit(char32_t c);
bool isNumeric(char32_t c);
bool isUpper(char32_t c);
bool isLower(char32_t c);
bool isTitle(char32_t c);      // neither upper nor lower: U+01C5 and its like
bool isPrintable(char32_t c);  // by repr()
bool isLineBreak(char32_t c);  // by splitlines()

// Append what the character becomes: one to three characters.
void appendUpper(std::string& out, char32_t c);
void appendLower(std::string& out, char32_t c);
void appendTitle(std::string& out, char32_t c);

}  // namespace larder::text::jinja
