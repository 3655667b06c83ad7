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

struct ChatRequest {
    std::string model;  // empty = default
    // Exactly one of: messages (template applied), prompt text, prompt ids.
    std::shared_ptr<base::Json> messages;  // array in OpenAI form, canonical (chat_messages.h), for the template
    std::shared_ptr<base::Json> tools;     // array or null
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
    bool includeUsage = false;  // stream_options.include_usage
    bool noStore = false;       // cache.no_store
    bool pin = false;           // cache.pin
};

struct OutputText {
    std::string text;                        // whole UTF-8 characters; may be empty when only logprobs come
    std::vector<PositionLogprobs> logprobs;  // of the tokens that went into this text
};

struct OutputPromptLogprobs {  // echo with logprobs
    std::vector<PositionLogprobs> positions;
};

struct OutputFinished {
    FinishReason reason = FinishReason::Stop;
    std::string stopString;  // when a stop string ended it
    std::size_t promptTokens = 0;
    std::size_t cachedTokens = 0;
    std::size_t followedTokens = 0;  // of the cached ones: another request computed them while this one waited
    std::size_t loadedTokens = 0;    // of the cached ones: read from the disk
    std::size_t completionTokens = 0;
    GenerationTimings timings;
};

using OutputEvent = std::variant<OutputPromptLogprobs, OutputText, OutputFinished>;

}  // namespace larder::api
