// Server-sent events as the OpenAI protocols use them: data-only frames, one line of JSON each. Any thread.
#pragma once

#include <string>

#include "engine/api/http_server.h"
#include "engine/base/json.h"

namespace larder::api {

// "data: {...}\n\n". JSON escapes line breaks, so one frame is always one line; bytes that are not UTF-8 become U+FFFD.
std::string sseFrame(const base::Json& value);

// "data: [DONE]\n\n"
std::string sseDone();

// Content type, and that no cache or proxy may hold frames back.
HttpHeaders sseHeaders();

}  // namespace larder::api
