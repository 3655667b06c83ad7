// POST /v1/messages/count_tokens: how many tokens a prompt has, made exactly as POST /v1/messages makes it, without answering.
// Request threads (blocks on the disk when the model's text is not read yet).
#pragma once

#include <string>

#include "engine/api/text_routes.h"
#include "engine/error.h"

namespace larder::api {

// The fields of a message request that matter to its prompt -> {"input_tokens"}. A prompt that is too long is counted too.
Expected<std::string> countTokensBody(const PromptServices& services, const std::string& body);

}  // namespace larder::api
