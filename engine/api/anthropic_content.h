// The conversation of an Anthropic request in canonical OpenAI form (design §5.8), so that what means the same renders the same:
// - content that is a string is the same as one text block; blocks of white space alone vanish, and so do messages without
//   anything else;
// - text blocks of `system` are joined by a blank line, those of user and system messages and of tool results by a line break,
//   as the parts of OpenAI messages are; those of an assistant by nothing, because answers are cut into blocks where calls
//   and thinking stand between;
// - tool results become messages of role "tool" where they stand, between the texts before and after them;
// - thinking is reasoning_content; signatures and redacted thinking are taken and not rendered;
// - system messages stay where they are;
// - cache_control, citations and other fields are never part of it; volatile_lines.h are dropped from system and user texts.
// Any thread.
#pragma once

#include <memory>
#include <string>

#include "engine/api/anthropic_tools.h"
#include "engine/api/request_fields.h"
#include "engine/base/json.h"

namespace larder::api {

struct AnthropicContent {
    std::shared_ptr<base::Json> messages;  // array
    // `messages.0.content.1 is of type "image"`: the first block that no text model can read. Blocks of kinds that are not known
    // count when they have a text, content, source, data or input of their own, else they are passed over.
    std::string unreadablePart;
    bool cacheControl = false;  // a block is marked as the end of what may be cached
};

// Reads system and messages; what is wrong becomes fields' problem.
AnthropicContent readAnthropicContent(RequestFields& fields, const AnthropicTools& tools);

}  // namespace larder::api
