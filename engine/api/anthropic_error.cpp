#include "engine/api/anthropic_error.h"

#include <nlohmann/json.hpp>

#include "engine/api/error_reply.h"
#include "engine/base/secret.h"

namespace larder::api {
namespace {

const char* anthropicErrorType(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 413:
            return "request_too_large";
        case 429:
            return "rate_limit_error";
        case 503:
        case 529:
            return "overloaded_error";
        default:
            return status < 500 ? "invalid_request_error" : "api_error";
    }
}

base::Json errorDocument(int status, const std::string& message, const std::string& requestId) {
    base::Json body;
    body["type"] = "error";
    body["error"] = {{"type", anthropicErrorType(status)}, {"message", message}};
    body["request_id"] = requestId;
    return body;
}

}  // namespace

std::string newAnthropicRequestId() {
    return "req_" + base::randomHex(12);
}

base::Json anthropicErrorJson(const Error& error, const std::string& requestId) {
    std::string message = error.message;
    if (error.code == ErrorCode::ContextExceeded && error.promptTokens > 0)
        message = "prompt is too long: " + std::to_string(error.promptTokens) + " tokens > " +
                  std::to_string(error.windowTokens) + " maximum";
    return errorDocument(httpStatus(error.code), message, requestId);
}

std::string anthropicErrorBody(const Error& error, const std::string& requestId) {
    return base::dumpJson(anthropicErrorJson(error, requestId));
}

std::string anthropicErrorBody(int status, const std::string& message, const std::string& requestId) {
    return base::dumpJson(errorDocument(status, message, requestId));
}

}  // namespace larder::api
