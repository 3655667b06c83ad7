// Which protocol's shape an error takes that is made before any protocol reads the request: no key, no such path, no thread free,
// a body that is too large. Any thread.
#pragma once

#include <string>

#include "engine/api/http_server.h"
#include "engine/error.h"

namespace larder::api {

class ErrorShape {
public:
    // Anthropic's for /v1/messages and what is below it, and wherever an anthropic-version header is sent; else OpenAI's.
    explicit ErrorShape(const HttpRequest& request);

    bool isAnthropic() const { return m_anthropic; }
    // In Anthropic's shape, for the header request-id too; else empty.
    const std::string& requestId() const { return m_requestId; }

    std::string body(int status, const std::string& message) const;
    std::string body(const Error& error) const;

private:
    bool m_anthropic = false;
    std::string m_requestId;
};

}  // namespace larder::api
