#include "engine/hub/model_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "engine/base/utf8.h"

namespace larder::hub {
namespace {

bool isNameByte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

bool isNamePart(std::string_view part) {
    constexpr std::size_t kLongest = 96;  // the hub's own limit
    return !part.empty() && part.size() <= kLongest && part[0] != '.' && part[0] != '-' &&
           part.find("..") == std::string_view::npos && std::all_of(part.begin(), part.end(), isNameByte);
}

bool isAsciiDigit(char c) {
    return c >= '0' && c <= '9';
}

bool isBoundary(std::string_view text, std::size_t at) {
    return at >= text.size() || text[at] == '-' || text[at] == '_' || text[at] == '.' || text[at] == ' ' ||
           text[at] == '/';
}

// The length of the longest of the words that text continues with at `at`, up to a boundary; 0 if none.
template <std::size_t N>
std::size_t longestWord(std::string_view text, std::size_t at, const std::array<std::string_view, N>& words) {
    std::size_t longest = 0;
    for (const std::string_view word : words)
        if (word.size() > longest && text.substr(at).starts_with(word) && isBoundary(text, at + word.size()))
            longest = word.size();
    return longest;
}

// The length of the weight type at `at` of an upper-case text, 0 if there is none. Families: Q4_0 (and the old
// Q4_0_4_4), Q4_K, Q4_K_M, IQ4_XS, TQ1_0, and the fixed words.
std::size_t quantisationLength(std::string_view text, std::size_t at) {
    constexpr std::array<std::string_view, 10> kWords = {"F64",  "F32", "F16",   "BF16",      "FP32",
                                                         "FP16", "FP8", "MXFP4", "MXFP4_MOE", "NVFP4"};
    constexpr std::array<std::string_view, 8> kSizes = {"_XXS", "_XS", "_S", "_M", "_L", "_XL", "_XXL", "_NL"};
    constexpr std::array<std::string_view, 3> kRearranged = {"_4_4", "_4_8", "_8_8"};
    if (const std::size_t word = longestWord(text, at, kWords)) return word;

    std::size_t end = at;
    if (end < text.size() && (text[end] == 'I' || text[end] == 'T')) ++end;
    if (end + 3 >= text.size() || text[end] != 'Q' || !isAsciiDigit(text[end + 1]) || text[end + 2] != '_') return 0;
    end += 3;
    const bool named = end == at + 3;  // no I or T before the Q
    if (isAsciiDigit(text[end])) {
        ++end;
        if (named) end += longestWord(text, end, kRearranged);
    } else if (named && text[end] == 'K') {
        ++end;
    } else if (!named) {
        --end;  // IQ4_XS: the size follows at once
        const std::size_t size = longestWord(text, end, kSizes);
        return size == 0 ? 0 : end + size - at;
    } else {
        return 0;
    }
    end += longestWord(text, end, kSizes);
    return isBoundary(text, end) ? end - at : 0;
}

std::string lastQuantisation(std::string_view name) {
    std::string text(name);
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    for (std::size_t at = text.size(); at-- > 0;) {
        if (at > 0 && !isBoundary(text, at - 1)) continue;
        const std::size_t length = quantisationLength(text, at);
        if (length == 0) continue;
        std::string found = text.substr(at, length);
        if (found == "FP16" || found == "FP32") found.erase(1, 1);
        const bool dynamic = at >= 3 && text.compare(at - 3, 3, "UD-") == 0 && (at == 3 || isBoundary(text, at - 4));
        return dynamic ? "UD-" + found : found;
    }
    return "";
}

}  // namespace

std::string lowerCaseName(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return lower;
}

bool endsWithoutCase(std::string_view text, std::string_view lowerCaseEnd) {
    return text.size() >= lowerCaseEnd.size() &&
           lowerCaseName(text.substr(text.size() - lowerCaseEnd.size())) == lowerCaseEnd;
}

bool isRepositoryId(std::string_view text) {
    const std::size_t slash = text.find('/');
    return slash != std::string_view::npos && isNamePart(text.substr(0, slash)) && isNamePart(text.substr(slash + 1));
}

bool isRepositoryPath(std::string_view path) {
    constexpr std::size_t kLongestPath = 1000;
    constexpr std::size_t kLongestPart = 255;
    constexpr std::size_t kLongestFile = 230;  // leaves room for what a download under way adds to the name
    if (path.empty() || path.size() > kLongestPath || !base::isUtf8(path)) return false;
    for (const unsigned char c : path)
        if (c < 0x20 || c == 0x7f || c == '\\') return false;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view part = path.substr(at, end - at);
        const std::size_t longest = end == path.size() ? kLongestFile : kLongestPart;
        if (part.empty() || part[0] == '.' || part.size() > longest) return false;
        at = end + 1;
    }
    return true;
}

bool isRevision(std::string_view text) {
    constexpr std::size_t kLongest = 200;
    return !text.empty() && text.size() <= kLongest && text.find("..") == std::string_view::npos && text[0] != '-' &&
           text[0] != '/' && text[0] != '.' && text.back() != '/' &&
           std::all_of(text.begin(), text.end(), [](char c) { return isNameByte(c) || c == '/' || c == '+'; });
}

std::string quantisationOf(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (endsWithoutCase(name, ".gguf")) name.remove_suffix(std::string_view(".gguf").size());
    const std::string found = lastQuantisation(name);
    if (!found.empty() || slash == std::string_view::npos) return found;
    const std::string_view folder = path.substr(0, slash);
    return lastQuantisation(folder.substr(folder.rfind('/') + 1));
}

std::optional<SplitName> readSplitName(std::string_view path, std::string_view extension) {
    constexpr std::string_view kPattern = "-00000-of-00000";
    if (!endsWithoutCase(path, extension)) return std::nullopt;
    path.remove_suffix(extension.size());
    if (path.size() <= kPattern.size()) return std::nullopt;
    const std::string_view tail = path.substr(path.size() - kPattern.size());
    for (std::size_t i = 0; i < tail.size(); ++i)
        if (kPattern[i] == '0' ? !isAsciiDigit(tail[i]) : tail[i] != kPattern[i]) return std::nullopt;
    SplitName split{std::string(path.substr(0, path.size() - kPattern.size()))};
    std::from_chars(tail.data() + 1, tail.data() + 6, split.part);
    std::from_chars(tail.data() + 10, tail.data() + 15, split.parts);
    return split;
}

}  // namespace larder::hub
