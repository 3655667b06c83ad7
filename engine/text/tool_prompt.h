// Tools, calls and results as text, for chat templates that do not know them: the JSON between <tools>, <tool_call> and
// <tool_response> tags that the Hermes models made common and most models have seen. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace larder::text {

// A section for the system message: the tools (an array), one a line in the client's words, and how to call them.
std::string toolSection(const base::Json& tools);

// One entry of tool_calls. Arguments that are a text with an object in it are kept byte for byte.
std::string callText(const base::Json& call);

std::string resultText(std::string_view content);

// A system message that has to stand in the user's turn.
std::string reminderText(std::string_view content);

}  // namespace larder::text
