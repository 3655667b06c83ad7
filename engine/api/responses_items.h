// The conversation of a Responses request in canonical OpenAI form (design §5.8), so that what means the same renders the same:
// - `instructions` is a system message in front; developer messages are system messages, where they stand;
// - what an assistant gave in one go, reasoning, messages and calls that follow each other, is one assistant message; its texts are
//   joined by nothing, because answers are cut into items where calls and reasoning stand between, other parts by a line break;
// - a call of a custom tool has the argument "input"; results are messages of role "tool";
// - reasoning is taken from its content, else from our encrypted_content, else from a summary that stands alone;
// - ids of items are never part of it, those of calls are; volatile_lines.h are dropped from system and user texts.
// Any thread.
#pragma once

#include <memory>
#include <string>

#include "engine/api/request_fields.h"
#include "engine/api/responses_tools.h"
#include "engine/base/json.h"

namespace larder::api {

struct ResponsesInput {
    std::shared_ptr<base::Json> messages;  // array
    std::string unreadablePart;  // `input[0].content[1] is of type "input_image"`: the first that no text model can read
};

// Reads instructions and input; what is wrong becomes fields' problem. Items of kinds that are not known are passed over when
// they carry nothing that a model would miss, and else refused.
ResponsesInput readResponsesInput(RequestFields& fields, const ResponsesTools& tools);

}  // namespace larder::api
