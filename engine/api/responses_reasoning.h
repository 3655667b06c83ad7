// Reasoning in `encrypted_content` of the Responses protocol: clients that keep nothing of the reasoning but that send it back.
// It is encoded and not encrypted: who asks has the text anyway. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder::api {

std::string sealedReasoning(std::string_view text);

// Nothing: another server's.
std::optional<std::string> openedReasoning(std::string_view sealed);

}  // namespace larder::api
