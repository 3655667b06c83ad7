// The one table from ErrorCode to HTTP status, and the OpenAI error body. Any thread.
#pragma once

#include <string>

#include "engine/api/http_server.h"
#include "engine/error.h"

namespace larder::api {

int httpStatus(ErrorCode code);

// {"error":{"message","type","param":null,"code"}}; code is "context_length_exceeded" for ContextExceeded,
// "model_not_found" for NotFound, "overloaded" for Overloaded, "invalid_api_key" for status 401, else null.
std::string openAiErrorBody(const Error& error);
std::string openAiErrorBody(int status, const std::string& message);

// Content-Type: application/json; Retry-After (seconds) for 429 and 503; WWW-Authenticate for 401.
HttpHeaders errorHeaders(int status);

}  // namespace larder::api
