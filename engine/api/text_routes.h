// POST /tokenize, /detokenize and /apply-template: a model's text side without generating. Request threads (blocks on
// the disk when the model's text is not read yet). Each takes a body and gives the reply's body.
#pragma once

#include <string>

#include "engine/api/generator.h"
#include "engine/api/model_texts.h"
#include "engine/error.h"

namespace larder::api {

struct TextServices {
    Generator& generator;
    ModelTexts& texts;
};

// {content, model?, add_special? = false, parse_special? = false} -> {tokens}
Expected<std::string> tokenizeBody(const TextServices& services, const std::string& body);

// {tokens, model?, skip_special? = false} -> {content}; control tokens appear as the vocabulary writes them.
Expected<std::string> detokenizeBody(const TextServices& services, const std::string& body);

// {messages, tools?, tool_choice?, chat_template_kwargs?, model?} -> {prompt}
Expected<std::string> applyTemplateBody(const TextServices& services, const std::string& body);

}  // namespace larder::api
