#include "engine/api/prompt_excerpt.h"

#include "engine/base/utf8.h"

namespace larder::api {
namespace {

bool continuesCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// A control token has no bytes of its own, but it may be all that differs.
std::string_view shownText(const text::Tokenizer& tokenizer, TokenId token) {
    return tokenizer.isControl(token) ? tokenizer.text(token) : tokenizer.bytes(token);
}

// Repairing makes a text longer: a wrong byte becomes three.
std::string firstBytes(std::string_view text, std::size_t mostBytes) {
    text = text.substr(0, mostBytes);
    std::string whole = base::repairUtf8(text.substr(0, text.size() - base::incompleteUtf8Suffix(text)));
    if (whole.size() <= mostBytes) return whole;
    std::size_t end = mostBytes;
    while (end > 0 && continuesCharacter(whole[end])) --end;
    whole.resize(end);
    return whole;
}

}  // namespace

std::string textFrom(const text::Tokenizer& tokenizer, std::span<const TokenId> ids, std::size_t mostBytes) {
    std::string text;
    for (std::size_t i = 0; i < ids.size() && text.size() <= mostBytes; ++i) text += shownText(tokenizer, ids[i]);
    return firstBytes(text, mostBytes);
}

std::string textBefore(const text::Tokenizer& tokenizer, std::span<const TokenId> ids, std::size_t mostBytes) {
    std::size_t from = ids.size(), bytes = 0;
    while (from > 0 && bytes <= mostBytes) bytes += shownText(tokenizer, ids[--from]).size();
    std::string text;
    for (const TokenId token : ids.subspan(from)) text += shownText(tokenizer, token);
    std::size_t begin = text.size() > mostBytes ? text.size() - mostBytes : 0;
    while (begin > 0 && begin < text.size() && continuesCharacter(text[begin])) ++begin;
    std::string whole = base::repairUtf8(std::string_view(text).substr(begin));
    begin = whole.size() > mostBytes ? whole.size() - mostBytes : 0;
    while (begin > 0 && begin < whole.size() && continuesCharacter(whole[begin])) ++begin;
    return whole.substr(begin);
}

std::string quoted(const std::string& text, std::size_t mostBytes) {
    const std::string shown = firstBytes(text, mostBytes);
    std::string out = "\"";
    for (const char c : shown) {
        if (c == '\n') out += "\\n";
        else if (c == '\t') out += "\\t";
        else if (c == '\r') out += "\\r";
        else if (static_cast<unsigned char>(c) < 0x20) out += '?';
        else out += c;
    }
    return out + (shown.size() < text.size() ? "…\"" : "\"");
}

std::string oneLine(std::string_view text, std::size_t mostBytes) {
    std::string line;
    for (const char c : text) {
        const bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
        if (blank && (line.empty() || line.back() == ' ')) continue;
        if (line.size() > mostBytes) break;
        line += blank ? ' ' : c;
    }
    line = firstBytes(line, mostBytes);
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return line;
}

}  // namespace larder::api
