#include "engine/text/jinja/unicode.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "engine/base/utf8.h"
#include "engine/text/jinja/unicode_tables.h"

namespace larder::text::jinja {
namespace {

using tables::CaseRun;
using tables::Range;
using tables::SpecialCase;

template <std::size_t N>
bool contains(const Range (&ranges)[N], char32_t c) {
    const auto it = std::upper_bound(std::begin(ranges), std::end(ranges), c,
                                     [](char32_t value, const Range& range) { return value < range.first; });
    return it != std::begin(ranges) && c <= std::prev(it)->last;
}

// Runs of step 2 may interleave with their neighbours, so a few before the found one are looked at too.
template <std::size_t N, std::size_t M>
void appendMapped(std::string& out, char32_t c, const CaseRun (&runs)[N], const SpecialCase (&specials)[M]) {
    const auto special = std::lower_bound(std::begin(specials), std::end(specials), c,
                                          [](const SpecialCase& entry, char32_t value) { return entry.from < value; });
    if (special != std::end(specials) && special->from == c && c != 0) {
        for (const char32_t to : special->to) {
            if (to != 0) base::appendUtf8(out, to);
        }
        return;
    }
    auto it = std::upper_bound(std::begin(runs), std::end(runs), c,
                               [](char32_t value, const CaseRun& run) { return value < run.first; });
    for (int back = 0; back < 4 && it != std::begin(runs); ++back) {
        --it;
        if (c <= it->last && (c - it->first) % static_cast<char32_t>(it->step) == 0) {
            c = static_cast<char32_t>(static_cast<std::int32_t>(c) + it->delta);
            break;
        }
    }
    base::appendUtf8(out, c);
}

}  // namespace

bool isSpace(char32_t c) {
    if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

bool isAlpha(char32_t c) { return contains(tables::kAlpha, c); }
bool isDecimal(char32_t c) { return contains(tables::kDecimal, c); }
bool isDigit(char32_t c) { return contains(tables::kDigit, c); }
bool isNumeric(char32_t c) { return contains(tables::kNumeric, c); }
bool isUpper(char32_t c) { return contains(tables::kUpper, c); }
bool isLower(char32_t c) { return contains(tables::kLower, c); }
bool isTitle(char32_t c) { return contains(tables::kTitle, c); }
bool isPrintable(char32_t c) { return !contains(tables::kUnprintable, c); }

bool isLineBreak(char32_t c) {
    return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

void appendUpper(std::string& out, char32_t c) {
    if (c < 0x80) out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    else appendMapped(out, c, tables::kToUpperRuns, tables::kToUpperSpecials);
}

void appendLower(std::string& out, char32_t c) {
    if (c < 0x80) out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    else appendMapped(out, c, tables::kToLowerRuns, tables::kToLowerSpecials);
}

void appendTitle(std::string& out, char32_t c) {
    if (c < 0x80) appendUpper(out, c);
    else appendMapped(out, c, tables::kToTitleRuns, tables::kToTitleSpecials);
}

}  // namespace larder::text::jinja
