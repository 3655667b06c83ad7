// What Python's string methods do, on texts that keep their provenance range by range. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/jinja/text.h"

namespace larder::text::jinja {

enum class Side { Left, Right, Both };
// chars: the characters to take off; nullopt: white space.
Text stripped(const Text& text, const std::optional<std::string_view>& chars, Side side);

// most < 0: no limit on the number of cuts.
std::vector<Text> splitAtSpace(const Text& text, std::int64_t most);
std::vector<Text> splitAtSpaceFromRight(const Text& text, std::int64_t most);
std::vector<Text> splitAt(const Text& text, std::string_view separator, std::int64_t most);  // REQUIRES a separator
std::vector<Text> splitAtFromRight(const Text& text, std::string_view separator, std::int64_t most);

enum class LineEnds { Kept, Dropped };
std::vector<Text> splitLines(const Text& text, LineEnds ends);

// count < 0: all.
Text replaced(const Text& text, const Text& from, const Text& to, std::int64_t count);

Text joined(const std::vector<Text>& parts, const Text& separator);

std::vector<char32_t> codePoints(std::string_view text);
std::size_t countCodePoints(std::string_view text);

}  // namespace larder::text::jinja
