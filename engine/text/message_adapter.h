// Brings the messages of a request into the shape a chat template understands. What it does to a message depends on the
// messages before it only, so that a longer conversation begins as a shorter one did; but text that belongs into a user
// turn joins the user message before or right behind it. Any thread.
#pragma once

#include "engine/base/json.h"
#include "engine/error.h"
#include "engine/text/chat_template.h"

namespace larder::text {

// Whether adaptMessages tells the tools in a message: then the template must not be given them.
bool tellsTools(const base::Json* tools, const ChatTemplateAbilities& abilities);

// A copy of messages, changed only where the template needs it:
// - content as string or parts, arguments as objects or strings, one call a message;
// - tools that the template does not show are told in the first system message, and then calls and results are written as
//   tool_prompt.h asks the model to write them, as they are where the template does not show those;
// - system messages at the front are joined, or lead the first user message, where the template takes one or none. Later
//   ones that it does not show at their place become <system-reminder>s in the user turn there;
// - neighbours of one role are joined where roles must alternate, and an empty answer stands between a tool's result and
//   a user message where one must.
// tools: array or null. InvalidArgument when messages are no array of objects, or a part that is not text would have to
// become text.
Expected<base::Json> adaptMessages(const base::Json& messages, const base::Json* tools,
                                   const ChatTemplateAbilities& abilities);

// The text of a message's content: a string's, the texts of parts with line ends between, "" for null or none.
Expected<std::string> contentText(const base::Json& message);

}  // namespace larder::text
