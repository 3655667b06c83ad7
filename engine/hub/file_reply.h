// What an answer to "these bytes of the file, please" turns out to be, before the first byte of its body is used. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/hub/byte_ranges.h"

namespace larder::hub {

struct ContentRange {
    ByteRange range;
    std::optional<std::uint64_t> total;  // "*": not said
};
// "bytes 0-99/1000"; nothing for anything else, an empty range included.
std::optional<ContentRange> parseContentRange(std::string_view text);

// The headers that matter, as they came.
struct FileReplyHeaders {
    long status = 0;
    std::string contentRange;
    std::string contentLength;
    std::string contentEncoding;
    std::string contentType;
};

enum class FileReplyKind {
    Range,       // exactly what was asked for, or the beginning of it
    Whole,       // the whole file from its first byte
    WrongSize,   // the file has another size than the hub lists
    WrongRange,  // other bytes than those asked for
    WebPage,     // a page for people: the log-in of a hotel, say
    Unusable,    // compressed, or a status that carries no file
};
struct FileReply {
    FileReplyKind kind = FileReplyKind::Unusable;
    std::uint64_t foundBytes = 0;  // for WrongSize
};
FileReply judgeFileReply(const FileReplyHeaders& headers, ByteRange asked, std::uint64_t fileBytes);

// An entity tag without quotes and "W/"; at most 200 characters, so that it can be kept.
std::string plainEtag(std::string_view header);

// "an unreserved byte stays, all else becomes %XX"; '/' stays too.
std::string percentEncodePath(std::string_view path);

}  // namespace larder::hub
