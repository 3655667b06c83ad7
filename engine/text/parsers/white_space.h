// White space as parsers of model output know it: what JSON allows between its parts. Any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace larder::text {

// White space that may only separate is held back until what follows is known; never more of it than this.
constexpr std::size_t kMaxSeparatorBytes = 256;

constexpr bool isWhiteSpace(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

constexpr std::string_view trimmed(std::string_view text) {
    while (!text.empty() && isWhiteSpace(text.front())) text.remove_prefix(1);
    while (!text.empty() && isWhiteSpace(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace larder::text
