#include "engine/hub/file_reply.h"

#include <charconv>
#include <cctype>

namespace larder::hub {
namespace {

constexpr std::size_t kMaxEtagBytes = 200;

std::optional<std::uint64_t> parseCount(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool startsWithIgnoringCase(std::string_view text, std::string_view lowerCasePrefix) {
    if (text.size() < lowerCasePrefix.size()) return false;
    for (std::size_t i = 0; i < lowerCasePrefix.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(text[i])) != lowerCasePrefix[i]) return false;
    return true;
}

}  // namespace

std::optional<ContentRange> parseContentRange(std::string_view text) {
    if (!startsWithIgnoringCase(text, "bytes ")) return std::nullopt;
    text.remove_prefix(6);
    const std::size_t dash = text.find('-');
    const std::size_t slash = text.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
    const auto first = parseCount(text.substr(0, dash));
    const auto last = parseCount(text.substr(dash + 1, slash - dash - 1));
    const std::string_view total = text.substr(slash + 1);
    if (!first || !last || *last < *first || *last == UINT64_MAX) return std::nullopt;
    ContentRange result{{*first, *last + 1}, std::nullopt};
    if (total == "*") return result;
    result.total = parseCount(total);
    if (!result.total || *last >= *result.total) return std::nullopt;
    return result;
}

FileReply judgeFileReply(const FileReplyHeaders& headers, ByteRange asked, std::uint64_t fileBytes) {
    const bool isPage = startsWithIgnoringCase(headers.contentType, "text/html");
    if (!headers.contentEncoding.empty() && !startsWithIgnoringCase(headers.contentEncoding, "identity"))
        return {FileReplyKind::Unusable, 0};
    if (headers.status == 206) {
        const auto range = parseContentRange(headers.contentRange);
        if (!range) return {FileReplyKind::WrongRange, 0};
        if (range->total && *range->total != fileBytes) return {FileReplyKind::WrongSize, *range->total};
        if (range->range.first != asked.first || range->range.last > asked.last) return {FileReplyKind::WrongRange, 0};
        return {FileReplyKind::Range, 0};
    }
    if (headers.status != 200) return {FileReplyKind::Unusable, 0};
    const auto length = parseCount(headers.contentLength);
    if (length && *length == fileBytes) return {FileReplyKind::Whole, 0};
    if (isPage) return {FileReplyKind::WebPage, 0};
    if (length) return {FileReplyKind::WrongSize, *length};
    return {FileReplyKind::Whole, 0};  // of a length that only its end will tell
}

std::string plainEtag(std::string_view header) {
    if (header.starts_with("W/") || header.starts_with("w/")) header.remove_prefix(2);
    if (header.size() >= 2 && header.front() == '"' && header.back() == '"') header = header.substr(1, header.size() - 2);
    return std::string(header.substr(0, kMaxEtagBytes));
}

std::string percentEncodePath(std::string_view path) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string text;
    for (const unsigned char c : path) {
        if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '/') {
            text += static_cast<char>(c);
            continue;
        }
        text += '%';
        text += kDigits[c >> 4];
        text += kDigits[c & 15];
    }
    return text;
}

}  // namespace larder::hub
