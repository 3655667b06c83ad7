// A reply as bytes: status line, header fields, chunk framing. Pure; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "engine/api/http_server.h"

namespace larder::api {

// How the end of a reply's body is marked.
struct HttpFraming {
    std::optional<std::size_t> contentLength;  // else chunked, or the end of the connection
    bool chunked = false;
    bool close = false;  // the connection ends with this reply
};

// Status line to empty line. Length, transfer coding, connection and date are the server's own; the caller's are
// dropped, and so is what could split the reply (names that are not tokens, control characters in values).
std::string replyHead(int status, const HttpHeaders& headers, const HttpFraming& framing, std::chrono::sys_seconds now);

// Every reply begins with this byte, whatever comes of it.
inline constexpr char kFirstReplyByte = 'H';

// 1xx, 204 and 304 have no body and no length.
bool statusHasBody(int status);
bool asksToClose(const HttpHeaders& headers);

std::string chunk(std::string_view bytes);  // REQUIRES not empty: an empty one would end the body
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace larder::api
