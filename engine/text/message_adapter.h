// Brings the messages of a request into the shape a chat template understands. Any thread.
#pragma once

#include "engine/base/json.h"
#include "engine/error.h"
#include "engine/text/chat_template.h"

namespace larder::text {

// A copy of messages, changed where the template needs it: content as string or parts, arguments as objects or strings.
// InvalidArgument when messages are no array of objects, or a part that is not text would have to become text.
Expected<base::Json> adaptMessages(const base::Json& messages, const ChatTemplateAbilities& abilities);

}  // namespace larder::text
