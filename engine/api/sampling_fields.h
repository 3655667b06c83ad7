// The request fields that chat and completions share: model, sampling, stop, streaming, and what is refused because it
// would otherwise be silently ignored. Pure translation; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/api/chat_request.h"
#include "engine/api/request_fields.h"

namespace larder::api {

// Fills model, sampling, stop, ignoreEos, stream, includeUsage. A missing seed is a random one.
void readCommonFields(RequestFields& fields, ChatRequest& request);

// Of these only sampling, priority and cache: what protocols that name the others differently read.
void readSamplingFields(RequestFields& fields, ChatRequest& request);

// The stop strings under this name.
void readStopStrings(RequestFields& fields, std::string_view name, std::vector<std::string>& stops);

}  // namespace larder::api
