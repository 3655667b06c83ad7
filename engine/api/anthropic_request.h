// The body of POST /v1/messages and /v1/messages/count_tokens, read into a ChatRequest (docs/http_api.md lists the fields). What it
// does not know (metadata, betas, context_management, ...) is passed over and never part of the prompt. Any thread.
#pragma once

#include "engine/api/chat_request.h"
#include "engine/base/json.h"
#include "engine/error.h"

namespace larder::api {

struct AnthropicRequest {
    ChatRequest chat;
    bool cacheControl = false;  // something in it is marked as the end of what may be cached
};

// InvalidArgument in one sentence that names the field: the words for missing ones are Anthropic's.
Expected<AnthropicRequest> readAnthropicRequest(const base::Json& body);

// Likewise where only the prompt counts: max_tokens may be missing, and the last message may be an assistant's.
Expected<AnthropicRequest> readAnthropicPrompt(const base::Json& body);

}  // namespace larder::api
