// Pieces of JSON that both OpenAI protocols write. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/api/chat_request.h"
#include "engine/base/json.h"
#include "engine/text/tokenizer.h"

namespace larder::api {

// The shortest decimal that reads back as exactly this float32, whether read as float or as double and then narrowed;
// null for infinities and NaN, which JSON does not have.
base::Json exactNumber(float value);

const char* finishReasonName(FinishReason reason);  // "stop" or "length"

// {prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details:{cached_tokens}}
base::Json usageJson(const OutputFinished& finished);

// How many of the answer's tokens were reasoning. Nobody counted them one by one: encoded anew, it is about as many.
// tokenizer: may be null.
std::size_t reasoningTokens(const text::Tokenizer* tokenizer, const std::string& reasoning, const OutputFinished& finished);

// {load_ms, queue_ms, prefill_ms, decode_ms, cached_tokens, followed_tokens, loaded_tokens, computed_tokens,
// prompt_per_second, predicted_per_second}; our extension.
base::Json timingsJson(const OutputFinished& finished);

// The token as text for logprobs: its bytes with U+FFFD for what is not UTF-8, or the vocabulary's name of a control
// token.
std::string tokenText(const text::Tokenizer& tokenizer, TokenId token);

// choices[].logprobs.content of chat: {id, token, logprob, bytes, top_logprobs} an entry; id is our extension.
base::Json chatLogprobsJson(const text::Tokenizer& tokenizer, const std::vector<PositionLogprobs>& positions);

}  // namespace larder::api
