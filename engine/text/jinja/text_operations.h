// What Python's string methods do, on texts that keep their provenance range by range; what is done is counted. One thread
// at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/jinja/budget.h"
#include "engine/text/jinja/text.h"

namespace larder::text::jinja {

enum class Side { Left, Right, Both };
// chars: the characters to take off; nullopt: white space.
Text stripped(Budget& budget, const Text& text, const std::optional<std::string_view>& chars, Side side);

// most < 0: no limit on the number of cuts.
std::vector<Text> splitAtSpace(Budget& budget, const Text& text, std::int64_t most);
std::vector<Text> splitAtSpaceFromRight(Budget& budget, const Text& text, std::int64_t most);
// REQUIRE a separator.
std::vector<Text> splitAt(Budget& budget, const Text& text, std::string_view separator, std::int64_t most);
std::vector<Text> splitAtFromRight(Budget& budget, const Text& text, std::string_view separator, std::int64_t most);

enum class LineEnds { Kept, Dropped };
std::vector<Text> splitLines(Budget& budget, const Text& text, LineEnds ends);

// count < 0: all.
Text replaced(Budget& budget, const Text& text, const Text& from, const Text& to, std::int64_t count);

Text joined(const std::vector<Text>& parts, const Text& separator);

// As std::string's find and rfind; every comparison is counted, for long needles can take the square of the time.
std::size_t find(Budget& budget, std::string_view text, std::string_view needle, std::size_t from = 0);
std::size_t findFromRight(Budget& budget, std::string_view text, std::string_view needle);

std::vector<char32_t> codePoints(std::string_view text);
std::size_t countCodePoints(std::string_view text);

}  // namespace larder::text::jinja
