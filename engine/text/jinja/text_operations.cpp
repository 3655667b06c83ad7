#include "engine/text/jinja/text_operations.h"

#include <algorithm>

#include "engine/base/utf8.h"
#include "engine/text/jinja/unicode.h"

namespace larder::text::jinja {
namespace {

std::size_t previous(std::string_view text, std::size_t at) {
    do {
        --at;
    } while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
    return at;
}

bool spaceAt(std::string_view text, std::size_t at) { return isSpace(base::decodeUtf8(text, at).value); }

std::size_t afterSpace(std::string_view text, std::size_t at) {
    while (at < text.size() && spaceAt(text, at)) at += base::decodeUtf8(text, at).bytes;
    return at;
}

std::size_t afterWord(std::string_view text, std::size_t at) {
    while (at < text.size() && !spaceAt(text, at)) at += base::decodeUtf8(text, at).bytes;
    return at;
}

// How many bytes two texts have in common at their beginning; counted.
std::size_t common(Budget& budget, std::string_view a, std::string_view b) {
    constexpr std::size_t kChunk = 1024;
    const std::size_t most = std::min(a.size(), b.size());
    std::size_t size = 0;
    while (size + kChunk <= most && a.substr(size, kChunk) == b.substr(size, kChunk)) size += kChunk;
    while (size < most && a[size] == b[size]) ++size;
    budget.steps(size / 256);
    return size;
}

void put(std::vector<Text>& pieces, Text piece) {
    checkPieces(pieces.size() + 1);
    pieces.push_back(std::move(piece));
}

std::size_t beforeSpace(std::string_view text, std::size_t at) {
    while (at > 0 && spaceAt(text, previous(text, at))) at = previous(text, at);
    return at;
}

}  // namespace

std::vector<char32_t> codePoints(std::string_view text) {
    std::vector<char32_t> out;
    for (std::size_t at = 0; at < text.size();) {
        const base::CodePoint point = base::decodeUtf8(text, at);
        out.push_back(point.value);
        at += point.bytes;
    }
    return out;
}

std::size_t find(Budget& budget, std::string_view text, std::string_view needle, std::size_t from) {
    if (needle.empty() || from >= text.size()) return text.find(needle, from);
    for (std::size_t at = from; (at = text.find(needle[0], at)) != std::string_view::npos; ++at) {
        if (needle.size() > text.size() - at) break;
        if (common(budget, text.substr(at), needle) == needle.size()) return at;
    }
    return std::string_view::npos;
}

std::size_t findFromRight(Budget& budget, std::string_view text, std::string_view needle) {
    if (needle.empty() || needle.size() > text.size()) return text.rfind(needle);
    for (std::size_t at = text.size() - needle.size();; --at) {
        at = text.rfind(needle[0], at);
        if (at == std::string_view::npos) return at;
        if (common(budget, text.substr(at), needle) == needle.size()) return at;
        if (at == 0) return std::string_view::npos;
    }
}

std::size_t countCodePoints(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

Text stripped(Budget& budget, const Text& text, const std::optional<std::string_view>& chars, Side side) {
    const std::string_view bytes = text.bytes();
    budget.characters(bytes.size());
    if (chars) budget.characters(2 * chars->size());  // sorted
    std::vector<char32_t> set = chars ? codePoints(*chars) : std::vector<char32_t>();
    std::sort(set.begin(), set.end());
    const auto takenOff = [&](std::size_t at) {
        const char32_t c = base::decodeUtf8(bytes, at).value;
        return chars ? std::binary_search(set.begin(), set.end(), c) : isSpace(c);
    };
    std::size_t first = 0, last = bytes.size();
    if (side != Side::Right) {
        while (first < last && takenOff(first)) first += base::decodeUtf8(bytes, first).bytes;
    }
    if (side != Side::Left) {
        while (last > first && takenOff(previous(bytes, last))) last = previous(bytes, last);
    }
    return text.slice(first, last);
}

std::vector<Text> splitAtSpace(Budget& budget, const Text& text, std::int64_t most) {
    std::vector<Text> out;
    const std::string_view bytes = text.bytes();
    budget.characters(bytes.size());
    std::size_t at = afterSpace(bytes, 0);
    while (at < bytes.size()) {
        if (most >= 0 && static_cast<std::int64_t>(out.size()) >= most) {
            out.push_back(text.slice(at, bytes.size()));
            break;
        }
        const std::size_t end = afterWord(bytes, at);
        put(out, text.slice(at, end));
        at = afterSpace(bytes, end);
    }
    return out;
}

std::vector<Text> splitAtSpaceFromRight(Budget& budget, const Text& text, std::int64_t most) {
    std::vector<Text> out;
    const std::string_view bytes = text.bytes();
    budget.characters(bytes.size());
    std::size_t end = beforeSpace(bytes, bytes.size());
    while (end > 0) {
        if (most >= 0 && static_cast<std::int64_t>(out.size()) >= most) {
            out.push_back(text.slice(0, end));
            break;
        }
        std::size_t first = end;
        while (first > 0 && !spaceAt(bytes, previous(bytes, first))) first = previous(bytes, first);
        put(out, text.slice(first, end));
        end = beforeSpace(bytes, first);
    }
    std::reverse(out.begin(), out.end());
    return out;
}

std::vector<Text> splitAt(Budget& budget, const Text& text, std::string_view separator, std::int64_t most) {
    std::vector<Text> out;
    std::size_t at = 0;
    while (most < 0 || static_cast<std::int64_t>(out.size()) < most) {
        const std::size_t found = find(budget, text.bytes(), separator, at);
        if (found == std::string::npos) break;
        put(out, text.slice(at, found));
        at = found + separator.size();
    }
    out.push_back(text.slice(at, text.size()));
    return out;
}

std::vector<Text> splitAtFromRight(Budget& budget, const Text& text, std::string_view separator, std::int64_t most) {
    std::vector<Text> out;
    std::size_t end = text.size();
    while (most < 0 || static_cast<std::int64_t>(out.size()) < most) {
        const std::size_t found = findFromRight(budget, std::string_view(text.bytes()).substr(0, end), separator);
        if (found == std::string::npos) break;
        put(out, text.slice(found + separator.size(), end));
        end = found;
    }
    out.push_back(text.slice(0, end));
    std::reverse(out.begin(), out.end());
    return out;
}

std::vector<Text> splitLines(Budget& budget, const Text& text, LineEnds ends) {
    std::vector<Text> out;
    const std::string_view bytes = text.bytes();
    budget.characters(bytes.size());
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t end = at;
        std::size_t next = bytes.size();
        while (end < bytes.size()) {
            const base::CodePoint point = base::decodeUtf8(bytes, end);
            if (isLineBreak(point.value)) {
                next = end + point.bytes;
                if (point.value == '\r' && next < bytes.size() && bytes[next] == '\n') ++next;
                break;
            }
            end += point.bytes;
        }
        put(out, text.slice(at, ends == LineEnds::Kept ? next : end));
        at = next;
    }
    return out;
}

Text replaced(Budget& budget, const Text& text, const Text& from, const Text& to, std::int64_t count) {
    Text out;
    const std::string& bytes = text.bytes();
    budget.bytes(bytes.size());
    const auto grow = [&](std::size_t first, std::size_t last) {
        out.append(text, first, last);
        checkTextBytes(out.size());
    };
    std::int64_t done = 0;
    const auto more = [&] { return count < 0 || done < count; };
    if (from.empty()) {  // between all characters, and at both ends
        budget.characters(bytes.size());
        std::size_t at = 0;
        while (more()) {
            out.append(to);
            ++done;
            if (at >= bytes.size()) break;
            const std::size_t next = at + base::decodeUtf8(bytes, at).bytes;
            grow(at, next);
            at = next;
        }
        grow(at, bytes.size());
        return out;
    }
    std::size_t at = 0;
    while (more()) {
        const std::size_t found = find(budget, bytes, from.bytes(), at);
        if (found == std::string::npos) break;
        grow(at, found);
        out.append(to);
        at = found + from.size();
        ++done;
    }
    grow(at, bytes.size());
    return out;
}

Text joined(const std::vector<Text>& parts, const Text& separator) {
    Text out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out.append(separator);
        out.append(parts[i]);
        checkTextBytes(out.size());
    }
    return out;
}

}  // namespace larder::text::jinja
