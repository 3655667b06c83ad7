// The body of POST /v1/responses, read into a ChatRequest (docs/http_api.md lists the fields). What it does not know
// (client_metadata, prompt_cache_key, ids of items, ...) is passed over and never part of the prompt. Any thread.
#pragma once

#include <nlohmann/json.hpp>

#include "engine/api/chat_request.h"
#include "engine/api/responses_tools.h"
#include "engine/base/json.h"
#include "engine/error.h"

namespace larder::api {

struct ResponsesRequest {
    ChatRequest chat;
    ResponsesTools tools;            // without the array, which is in chat
    base::Json echo;                 // object: the fields of the request that every response object repeats
    bool summariseReasoning = false; // it is asked for as a summary: clients show that and not the content
    bool sealReasoning = false;      // encrypted_content is asked for
};

// InvalidArgument in one sentence that names the field.
Expected<ResponsesRequest> readResponsesRequest(const base::Json& body);

}  // namespace larder::api
