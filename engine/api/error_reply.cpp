#include "engine/api/error_reply.h"

#include <nlohmann/json.hpp>

#include "engine/base/json.h"

namespace larder::api {
namespace {

const char* errorType(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 429:
            return "rate_limit_error";
        default:
            return status < 500 ? "invalid_request_error" : "server_error";
    }
}

std::string errorBody(int status, const std::string& message, base::Json code) {
    base::Json error{{"message", message}, {"type", errorType(status)}, {"param", nullptr}, {"code", std::move(code)}};
    base::Json body;
    body["error"] = std::move(error);
    return base::dumpJson(body);
}

}  // namespace

int httpStatus(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidArgument:
        case ErrorCode::Unsupported:
        case ErrorCode::ContextExceeded:
            return 400;
        case ErrorCode::NotFound:
            return 404;
        case ErrorCode::OutOfMemory:
        case ErrorCode::Overloaded:
        case ErrorCode::Cancelled:
        case ErrorCode::Unavailable:
            return 503;
        case ErrorCode::Corrupt:
        case ErrorCode::Io:
        case ErrorCode::NoSpace:
        case ErrorCode::PermissionDenied:
        case ErrorCode::AddressInUse:
        case ErrorCode::Internal:
            return 500;
    }
    return 500;
}

std::string openAiErrorBody(const Error& error) {
    base::Json code;
    if (error.code == ErrorCode::ContextExceeded) code = "context_length_exceeded";
    if (error.code == ErrorCode::NotFound) code = "model_not_found";
    if (error.code == ErrorCode::Overloaded) code = "overloaded";
    return errorBody(httpStatus(error.code), error.message, std::move(code));
}

std::string openAiErrorBody(int status, const std::string& message) {
    return errorBody(status, message, status == 401 ? base::Json("invalid_api_key") : base::Json());
}

HttpHeaders errorHeaders(int status) {
    HttpHeaders headers{{"Content-Type", "application/json"}};
    if (status == 429 || status == 503) headers.emplace_back("Retry-After", "2");
    if (status == 401) headers.emplace_back("WWW-Authenticate", "Bearer");
    return headers;
}

}  // namespace larder::api
