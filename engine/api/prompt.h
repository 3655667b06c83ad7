// From a ChatRequest to token ids (design §3 step 4): chat template or plain prompt, then the tokenizer. Any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/api/chat_request.h"
#include "engine/api/generator.h"
#include "engine/api/model_texts.h"

namespace larder::api {

struct Prompt {
    std::string text;          // as asked, or the text of the ids; BOS is not in it
    std::vector<TokenId> ids;  // BOS first where the tokenizer adds one to plain text
};

// The model a request names. NotFound lists the names there are (after a look at the disk); Unsupported: Larder cannot
// run it. Blocks on the disk when the name is unknown.
Expected<ModelInfo> findNamedModel(Generator& generator, const std::string& name);

// Messages through the model's template. InvalidArgument: no template, or the template's own refusal.
Expected<std::vector<text::TextSegment>> renderMessages(const ModelInfo& model, const text::ModelText& text,
                                                        const ChatRequest& request);

// InvalidArgument names the field.
Expected<Prompt> makePrompt(const ModelInfo& model, const text::ModelText& text, const ChatRequest& request);

}  // namespace larder::api
