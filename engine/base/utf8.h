// UTF-8 (RFC 3629): decoding one code point, encoding one, checking, and finding where a cut text ends. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace larder::base {

struct CodePoint {
    char32_t value = 0;        // U+FFFD when the bytes are not UTF-8
    std::size_t bytes = 0;     // consumed; 0 only at the end of the text
    bool valid = false;
};

// The code point at text[at]. Not UTF-8: one byte is consumed.
CodePoint decodeUtf8(std::string_view text, std::size_t at);

// Surrogates and values over U+10FFFF become U+FFFD.
void appendUtf8(std::string& out, char32_t codePoint);

bool isUtf8(std::string_view text);

// How many bytes at the end of text are the beginning of a code point that more bytes could complete: 0 to 3.
std::size_t incompleteUtf8Suffix(std::string_view text);

// text with every byte that is not UTF-8 replaced by U+FFFD.
std::string repairUtf8(std::string_view text);

}  // namespace larder::base
