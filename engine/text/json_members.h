// Looking into JSON that came from outside and may have any shape. Views: the document outlives them. Any thread.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace larder::text {

// Null: not an object, or not there.
const base::Json* jsonMember(const base::Json* object, std::string_view key);

// Empty: no string, or none there.
std::string_view jsonString(const base::Json* value);

// The parameters of the function of that name; tools: an array in OpenAI form, or null. Null: no such function, or it has none.
const base::Json* toolParameters(const base::Json* tools, std::string_view name);

}  // namespace larder::text
