#include "engine/api/error_shape.h"

#include "engine/api/anthropic_error.h"
#include "engine/api/error_reply.h"

namespace larder::api {

ErrorShape::ErrorShape(const HttpRequest& request)
    : m_anthropic(request.path == "/v1/messages" || request.path.starts_with("/v1/messages/") ||
                  !request.header("anthropic-version").empty()) {
    if (m_anthropic) m_requestId = newAnthropicRequestId();
}

std::string ErrorShape::body(int status, const std::string& message) const {
    return m_anthropic ? anthropicErrorBody(status, message, m_requestId) : openAiErrorBody(status, message);
}

std::string ErrorShape::body(const Error& error) const {
    return m_anthropic ? anthropicErrorBody(error, m_requestId) : openAiErrorBody(error);
}

}  // namespace larder::api
