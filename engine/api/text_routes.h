// POST /tokenize, /detokenize and /apply-template: a model's text side without generating. Request threads (blocks on
// the disk when the model's text is not read yet). Each takes a body and gives the reply's body.
#pragma once

#include <string>

#include "engine/api/prompt.h"
#include "engine/error.h"

namespace larder::api {

// {content, model?, add_special? = false, parse_special? = false} -> {tokens}
Expected<std::string> tokenizeBody(const PromptServices& services, const std::string& body);

// {tokens, model?, skip_special? = false} -> {content}; control tokens appear as the vocabulary writes them.
Expected<std::string> detokenizeBody(const PromptServices& services, const std::string& body);

// {messages, tools?, tool_choice?, chat_template_kwargs?, model?} -> {prompt}
Expected<std::string> applyTemplateBody(const PromptServices& services, const std::string& body);

}  // namespace larder::api
