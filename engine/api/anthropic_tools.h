// Tools of the Anthropic protocol in OpenAI form, in the client's order and with its schemas as they are: {name, description,
// input_schema} becomes {type: "function", function: {name, description, parameters}}; `strict` is kept. Any thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "engine/api/chat_request.h"
#include "engine/api/request_fields.h"
#include "engine/base/json.h"

namespace larder::api {

struct AnthropicTools {
    std::shared_ptr<base::Json> tools;     // array, or null: none
    std::shared_ptr<base::Json> deferred;  // likewise: those with defer_loading; shown where a message refers to them
    std::map<std::string, std::size_t> deferredPlaces;  // in `deferred`, by name
    ToolChoice choice;
    bool cacheControl = false;             // one of them is marked as the end of what may be cached
};

// Reads tools and tool_choice; what is wrong becomes fields' problem. Tools without a schema that Anthropic's servers run
// themselves (types like "web_search_20250305") cannot be called here and are left out.
AnthropicTools readAnthropicTools(RequestFields& fields);

// How a deferred tool is shown where it is loaded: its JSON as in a list of tools; the bare name of one that is not known.
std::string loadedToolLine(const AnthropicTools& tools, const std::string& name);

}  // namespace larder::api
