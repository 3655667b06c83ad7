// Error replies in the Anthropic shape: {"type":"error","error":{"type","message"},"request_id"}. Any thread.
#pragma once

#include <string>

#include "engine/base/json.h"
#include "engine/error.h"

namespace larder::api {

// "req_" and 24 hex digits: unique for ever.
std::string newAnthropicRequestId();

// The document above. ContextExceeded is told as `prompt is too long: N tokens > M maximum`, the words that clients read the
// numbers from.
base::Json anthropicErrorJson(const Error& error, const std::string& requestId);
std::string anthropicErrorBody(const Error& error, const std::string& requestId);
std::string anthropicErrorBody(int status, const std::string& message, const std::string& requestId);

}  // namespace larder::api
