// What every chat or completion protocol is read into (ChatRequest) and what every protocol writes out (OutputEvent).
// Plain values; protocol files translate to and from them and know nothing else.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/json.h"
#include "engine/generation.h"

namespace larder::api {

// Which tool calls are asked for. Required and Named are forced: the answer is kept to a call (text/tool_constraint.h).
enum class ToolUse { Auto, None, Required, Named };
struct ToolChoice {
    ToolUse use = ToolUse::Auto;
    std::string name;      // Named
    bool parallel = true;  // several calls in one answer may be made
};

struct ChatRequest {
    std::string model;  // empty = default
    // Exactly one of: messages (template applied), prompt text, prompt ids.
    std::shared_ptr<base::Json> messages;  // array in OpenAI form, canonical (chat_messages.h), for the template
    std::shared_ptr<base::Json> tools;     // array in OpenAI form, or null; rendered
    // Likewise, with those that are rendered where they are loaded (in messages): for parsing their calls. Null: no others than tools.
    std::shared_ptr<const base::Json> allTools;
    ToolChoice toolChoice;
    std::optional<bool> thinking;          // unset: as the model does by itself
    // The answer is kept to this JSON schema (`true`: any object); null: free.
    std::shared_ptr<base::Json> answerSchema;
    bool answerSchemaStrict = false;       // keywords that cannot be kept to are refused
    std::shared_ptr<base::Json> templateVariables;  // chat_template_kwargs or null
    std::optional<std::string> promptText;
    bool promptIsTrusted = false;  // special tokens are recognised in promptText
    std::vector<TokenId> promptIds;
    std::string unreadablePart;  // not empty: a message has this part that no text model can read

    SamplingParams sampling;
    std::size_t maxTokens = 0;  // 0 = up to the window
    bool promptOnly = false;    // completions' max_tokens 0: score the prompt, generate nothing
    std::vector<std::string> stop;
    bool ignoreEos = false;
    int topLogprobs = -1;  // as GenerationRequest
    bool echo = false;     // completions: the prompt comes back first
    bool stream = false;
    Priority priority = Priority::Interactive;
    bool aside = false;         // beside a conversation (a title, a subagent): must not push it out of the cache
    bool includeUsage = false;  // stream_options.include_usage
    bool noStore = false;       // cache.no_store
    bool pin = false;           // cache.pin
};

inline bool callIsForced(const ChatRequest& request) {
    const ToolUse use = request.toolChoice.use;
    return request.tools && (use == ToolUse::Required || use == ToolUse::Named);
}

// All that may be called, in one array; null: none.
inline std::shared_ptr<const base::Json> callableTools(const ChatRequest& request) {
    return request.allTools ? request.allTools : request.tools;
}

struct OutputText {
    std::string text;                        // whole UTF-8 characters; may be empty when only logprobs come
    std::vector<PositionLogprobs> logprobs;  // of the tokens that went into this text
};

struct OutputReasoning {
    std::string text;
};

// A tool call: one start, its arguments in pieces (joined: one JSON object), one end. Calls count from 0; between start and end
// nothing else comes.
struct OutputCallStart {
    std::size_t index = 0;
    std::string id;  // unique for ever
    std::string name;
};
struct OutputCallArguments {
    std::size_t index = 0;
    std::string json;
};
struct OutputCallEnd {
    std::size_t index = 0;
    bool complete = true;  // false: it broke off; its arguments are no JSON
    std::string raw;       // as the model wrote it; a collected answer shows this as text when it is not complete
};

struct OutputPromptLogprobs {  // echo with logprobs
    std::vector<PositionLogprobs> positions;
};

struct OutputFinished {
    FinishReason reason = FinishReason::Stop;
    std::string stopString;  // when a stop string ended it
    bool windowFull = false; // Length because the model's window is full, not because of max_tokens
    std::size_t calls = 0;   // complete tool calls
    std::size_t promptTokens = 0;
    std::size_t cachedTokens = 0;
    std::size_t followedTokens = 0;  // of the cached ones: another request computed them while this one waited
    std::size_t loadedTokens = 0;    // of the cached ones: read from the disk
    std::size_t completionTokens = 0;
    GenerationTimings timings;
};

using OutputEvent = std::variant<OutputPromptLogprobs, OutputText, OutputReasoning, OutputCallStart, OutputCallArguments,
                                 OutputCallEnd, OutputFinished>;

}  // namespace larder::api
