// OpenAI-form messages and tools, checked and made canonical for the chat template, so that two spellings of one
// conversation render the same tokens (design §5.8): content parts become one string (joined by a line break), lines that a
// client changes by itself vanish (volatile_lines.h), fields that say nothing to a model vanish, "developer" is "system", a tool
// call's arguments are an object where they parse as one. Ids stay, for replay; canonicalIds() replaces them before rendering.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/api/chat_request.h"
#include "engine/api/request_fields.h"
#include "engine/base/json.h"
#include "engine/error.h"

namespace larder::api {

struct ChatMessages {
    std::shared_ptr<base::Json> messages;           // array
    std::shared_ptr<base::Json> tools;              // array, or null: none
    ToolChoice toolChoice;
    std::shared_ptr<base::Json> templateVariables;  // object or null
    std::string unreadablePart;  // `messages[0].content[1] is of type "image_url"`; the first; empty if there is none
};

// What stands for a part of a tool's result that no text model can read (an image). Such a part stays in every later request:
// refusing it would be the end of the conversation. So the model is told.
inline constexpr std::string_view kUnreadableResult = "[The tool also returned something that is no text, such as an image. You cannot see it.]";

// The result of a tool: its text, and the note where `unreadablePart` says that something was left out.
std::string toolResultText(std::string text, const std::string& unreadablePart);

// Reads messages, tools, tool_choice and chat_template_kwargs; what is wrong becomes fields' problem.
ChatMessages readChatMessages(RequestFields& fields);

// A call's arguments travel as a string of JSON; templates expect the object itself. A string that is none stays one.
base::Json canonicalArguments(const base::Json& arguments);

// Replaces the ids of tool calls and of their results by "call00000", "call00001", ... in the order of appearance: a client's own
// are different each time, and some templates write them or refuse all that are not 9 letters and digits.
void canonicalIds(base::Json& messages);

}  // namespace larder::api
