// Finds out what a chat template understands by rendering small conversations with it. Any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/base/json.h"
#include "engine/text/chat_template.h"

namespace larder::text {

// The text that a template makes of messages and tools (null: none) as they are; nullopt if it refuses them.
using TemplateProbe = std::function<std::optional<std::string>(const base::Json& messages, const base::Json* tools)>;

ChatTemplateAbilities findAbilities(const TemplateProbe& probe);

}  // namespace larder::text
