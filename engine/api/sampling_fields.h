// The request fields that chat and completions share: model, sampling, stop, streaming, and what is refused because it
// would otherwise be silently ignored. Pure translation; any thread.
#pragma once

#include "engine/api/chat_request.h"
#include "engine/api/request_fields.h"

namespace larder::api {

// Fills model, sampling, stop, ignoreEos, stream, includeUsage. A missing seed is a random one.
void readCommonFields(RequestFields& fields, ChatRequest& request);

}  // namespace larder::api
