#include "engine/base/utf8.h"

namespace larder::base {
namespace {

// Bytes of the sequence a lead byte starts, 0 if it cannot start one.
std::size_t sequenceLength(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return 2;
    if (lead >= 0xe0 && lead <= 0xef) return 3;
    if (lead >= 0xf0 && lead <= 0xf4) return 4;
    return 0;
}

// Whether byte may follow lead as the second byte: refuses overlong forms, surrogates, over U+10FFFF.
bool validSecond(unsigned char lead, unsigned char byte) {
    switch (lead) {
        case 0xe0: return byte >= 0xa0 && byte <= 0xbf;
        case 0xed: return byte >= 0x80 && byte <= 0x9f;
        case 0xf0: return byte >= 0x90 && byte <= 0xbf;
        case 0xf4: return byte >= 0x80 && byte <= 0x8f;
        default: return byte >= 0x80 && byte <= 0xbf;
    }
}

constexpr CodePoint kBroken{0xfffd, 1, false};

}  // namespace

CodePoint decodeUtf8(std::string_view text, std::size_t at) {
    if (at >= text.size()) return {};
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = sequenceLength(lead);
    if (length == 0 || at + length > text.size()) return kBroken;
    if (length == 1) return {lead, 1, true};
    char32_t value = lead & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[at + i]);
        if (i == 1 ? !validSecond(lead, byte) : (byte & 0xc0) != 0x80) return kBroken;
        value = (value << 6) | (byte & 0x3fu);
    }
    return {value, length, true};
}

void appendUtf8(std::string& out, char32_t codePoint) {
    if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) codePoint = 0xfffd;
    const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (codePoint < 0x80) {
        put(codePoint);
    } else if (codePoint < 0x800) {
        put(0xc0 | (codePoint >> 6));
        put(0x80 | (codePoint & 0x3f));
    } else if (codePoint < 0x10000) {
        put(0xe0 | (codePoint >> 12));
        put(0x80 | ((codePoint >> 6) & 0x3f));
        put(0x80 | (codePoint & 0x3f));
    } else {
        put(0xf0 | (codePoint >> 18));
        put(0x80 | ((codePoint >> 12) & 0x3f));
        put(0x80 | ((codePoint >> 6) & 0x3f));
        put(0x80 | (codePoint & 0x3f));
    }
}

bool isUtf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = decodeUtf8(text, at);
        if (!point.valid) return false;
        at += point.bytes;
    }
    return true;
}

std::size_t incompleteUtf8Suffix(std::string_view text) {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xc0) == 0x80) continue;
        if (sequenceLength(byte) <= back) return 0;
        // The continuation bytes so far must be possible ones.
        if (back >= 2 && !validSecond(byte, static_cast<unsigned char>(text[text.size() - back + 1]))) return 0;
        return back;
    }
    return 0;
}

std::string repairUtf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = decodeUtf8(text, at);
        if (point.valid) out.append(text, at, point.bytes);
        else appendUtf8(out, 0xfffd);
        at += point.bytes;
    }
    return out;
}

}  // namespace larder::base
