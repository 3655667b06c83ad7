// Whether an assistant message that a client sends back is the answer it got, but for what clients change harmlessly. They drop
// reasoning and the white space around content; they bring arguments to the types of the tool's schema (5000 for "5000" or
// 5000.0), in another order, add what is the default there or empty (false, null, "", [], {}), and drop what the schema does
// not know. Any thread.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace larder::text {

// Both canonical (OpenAI form); tools: as offered, or null.
bool isSameAnswer(const base::Json& echoed, const base::Json& sent, const base::Json* tools);

// The string at this key without white space around it; empty: there is none. Views into the message.
std::string_view trimmedText(const base::Json& message, const char* key);

// An array; an empty one where the message has no tool calls.
const base::Json& toolCallsOf(const base::Json& message);
// Empty where the call has none.
std::string_view callId(const base::Json& call);
std::string_view callName(const base::Json& call);

}  // namespace larder::text
