// Everything about a chat or completion request that is known before the engine is asked (design §3 steps 3 and 4). Request
// threads; may block on the disk for a model's texts.
#pragma once

#include <string>

#include "engine/api/chat_request.h"
#include "engine/api/generator.h"
#include "engine/api/model_texts.h"
#include "engine/api/prompt.h"
#include "engine/api/protocol.h"
#include "engine/text/tool_constraint.h"

namespace larder::api {

struct PreparedChat {
    ChatRequest request;  // without its messages
    ModelInfo model;
    SharedModelText text;
    Prompt prompt;
};

// What the headers of a request say about it.
struct ChatHeaders {
    bool noStore = false;  // Cache-Control: no-store
    bool aside = false;    // a subagent's: x-claude-code-agent-id or x-openai-subagent (Codex)
};

// Error: what is wrong with the body, in one sentence, or the model cannot be used.
Expected<PreparedChat> prepareChat(const PromptServices& services, Protocol& protocol, const ChatHeaders& headers,
                                   const std::string& body);

GenerationRequest generationRequest(const PreparedChat& chat, std::shared_ptr<Constraint> constraint);

// What keeps the answer to a forced tool call or a JSON schema; null: nothing does. InvalidArgument or Unsupported: the schema.
Expected<text::MadeConstraint> makeConstraint(const PreparedChat& chat);

}  // namespace larder::api
