// From a ChatRequest to token ids (design §3 step 4): chat template or plain prompt, then the tokenizer. Any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/api/chat_request.h"
#include "engine/api/generator.h"
#include "engine/api/model_texts.h"
#include "engine/api/prompt_fronts.h"
#include "engine/replay.h"
#include "engine/text/encoding_memory.h"
#include "engine/text/replay.h"

namespace larder::api {

// What earlier prompts have left for later ones.
struct PromptMemory {
    text::EncodingMemory encodings;
    PromptFronts fronts;
};

// What prompts are made with. All outlive the requests.
struct PromptServices {
    Generator& generator;
    ModelTexts& texts;
    PromptMemory& memory;
    ReplayStore* replay = nullptr;  // null: answers are encoded anew when they come back
};

struct Prompt {
    std::string text;          // as asked, or the text of the ids; BOS is not in it
    std::vector<TokenId> ids;  // BOS first where the tokenizer adds one to plain text
    bool isChat = false;       // made of messages
    bool opensReasoning = false;  // it ends inside <think>: the answer begins with reasoning
    std::vector<std::size_t> branchPositions;  // see GenerationRequest
    text::ReplayPlace place;       // of a chat: what the answer is remembered by
    std::string title;             // of a chat: beginning of the last user text that is no system reminder; may be empty
    std::size_t replayedTokens = 0;  // of ids: as they were sampled
};

// The model a request names. NotFound lists the names there are (after a look at the disk); Unsupported: Larder cannot
// run it. Blocks on the disk when the name is unknown.
Expected<ModelInfo> findNamedModel(Generator& generator, const std::string& name);

// Messages through the model's template, their ids made canonical. InvalidArgument: no template, or the template's own refusal.
Expected<std::vector<text::TextSegment>> renderMessages(const ModelInfo& model, const text::ModelText& text,
                                                        const ChatRequest& request);

// InvalidArgument names the field. The request's messages are brought into the form that is rendered.
Expected<Prompt> makePrompt(const PromptServices& services, const ModelInfo& model, const text::ModelText& text, const ChatRequest& request);

}  // namespace larder::api
