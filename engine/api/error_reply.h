// The one table from ErrorCode to HTTP status, and the OpenAI error body. Any thread.
#pragma once

#include <string>

#include "engine/api/http_server.h"
#include "engine/error.h"

namespace larder::api {

int httpStatus(ErrorCode code);

// {"error":{"message","type","param":null,"code"}}; code "context_length_exceeded" for ContextExceeded.
std::string openAiErrorBody(const Error& error);
std::string openAiErrorBody(int status, const std::string& message);

// Retry-After for 429 and 503.
HttpHeaders errorHeaders(int status);

}  // namespace larder::api
