// Base64 (RFC 4648, with padding). Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder::base {

std::string toBase64(std::string_view bytes);

// Nothing: not what toBase64 writes.
std::optional<std::string> fromBase64(std::string_view text);

}  // namespace larder::base
