// OpenAI-form messages and tools, checked and made canonical for the chat template, so that two spellings of one
// conversation render the same tokens (design §5.8): content parts become one string (joined by a line break), null
// fields vanish, "developer" is "system", a tool call's arguments are an object where they parse as one.
#pragma once

#include <memory>
#include <string>

#include "engine/api/request_fields.h"
#include "engine/base/json.h"
#include "engine/error.h"

namespace larder::api {

struct ChatMessages {
    std::shared_ptr<base::Json> messages;           // array
    std::shared_ptr<base::Json> tools;              // array, or null: none, or tool_choice "none"
    std::shared_ptr<base::Json> templateVariables;  // object or null
    std::string unreadablePart;  // `messages[0].content[1] is of type "image_url"`; the first; empty if there is none
};

// Reads messages, tools, tool_choice and chat_template_kwargs; what is wrong becomes fields' problem.
ChatMessages readChatMessages(RequestFields& fields);

}  // namespace larder::api
