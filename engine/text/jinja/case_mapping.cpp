#include "engine/text/jinja/case_mapping.h"

#include <vector>

#include "engine/base/utf8.h"
#include "engine/text/jinja/text_operations.h"
#include "engine/text/jinja/unicode.h"

namespace larder::text::jinja {
namespace {

constexpr char32_t kSigma = 0x3a3;       // capital sigma
constexpr char32_t kFinalSigma = 0x3c2;  // its small form at the end of a word

bool isCased(char32_t c) { return isUpper(c) || isLower(c) || isTitle(c); }

// Characters that the search for the end of a word looks through: marks, apostrophes and the like.
bool isCaseIgnorable(char32_t c) {
    return c == '\'' || c == '.' || c == ':' || c == '^' || c == '`' || c == 0xad || c == 0xb7 || c == 0x2019 ||
           (c >= 0x300 && c <= 0x36f) || (c >= 0x2b0 && c <= 0x2ff && !isCased(c));
}

bool endsWord(const std::vector<char32_t>& text, std::size_t at) {
    std::size_t before = at;
    while (before > 0 && isCaseIgnorable(text[before - 1])) --before;
    if (before == 0 || !isCased(text[before - 1])) return false;
    std::size_t after = at + 1;
    while (after < text.size() && isCaseIgnorable(text[after])) ++after;
    return after == text.size() || !isCased(text[after]);
}

void appendLowerAt(std::string& out, const std::vector<char32_t>& text, std::size_t at) {
    if (text[at] == kSigma && endsWord(text, at)) base::appendUtf8(out, kFinalSigma);
    else appendLower(out, text[at]);
}

}  // namespace

std::string upperCase(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char32_t c : codePoints(text)) appendUpper(out, c);
    return out;
}

std::string lowerCase(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    const std::vector<char32_t> points = codePoints(text);
    for (std::size_t i = 0; i < points.size(); ++i) appendLowerAt(out, points, i);
    return out;
}

std::string titleCase(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    const std::vector<char32_t> points = codePoints(text);
    bool inWord = false;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (inWord) appendLowerAt(out, points, i);
        else appendTitle(out, points[i]);
        inWord = isCased(points[i]);
    }
    return out;
}

std::string capitalized(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    const std::vector<char32_t> points = codePoints(text);
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (i > 0) appendLowerAt(out, points, i);
        else appendTitle(out, points[i]);
    }
    return out;
}

std::string swappedCase(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    const std::vector<char32_t> points = codePoints(text);
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (isUpper(points[i])) appendLowerAt(out, points, i);
        else if (isLower(points[i])) appendUpper(out, points[i]);
        else base::appendUtf8(out, points[i]);
    }
    return out;
}

bool isUpperText(std::string_view text) {
    bool cased = false;
    for (const char32_t c : codePoints(text)) {
        if (isLower(c) || isTitle(c)) return false;
        cased = cased || isUpper(c);
    }
    return cased;
}

bool isLowerText(std::string_view text) {
    bool cased = false;
    for (const char32_t c : codePoints(text)) {
        if (isUpper(c) || isTitle(c)) return false;
        cased = cased || isLower(c);
    }
    return cased;
}

bool isTitleText(std::string_view text) {
    bool cased = false, inWord = false;
    for (const char32_t c : codePoints(text)) {
        if (isUpper(c) || isTitle(c)) {
            if (inWord) return false;
            inWord = cased = true;
        } else if (isLower(c)) {
            if (!inWord) return false;
            cased = true;
        } else {
            inWord = false;
        }
    }
    return cased;
}

}  // namespace larder::text::jinja
