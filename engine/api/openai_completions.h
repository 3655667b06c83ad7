// POST /v1/completions: the OpenAI text completion protocol (docs/http_api.md). One object per request.
//
// logprobs: n (0 up to the vocabulary's size) gives, for each token, in parallel arrays
//   tokens[]          the token as text (several tokens may share one: U+FFFD stands for bytes that are not UTF-8)
//   token_logprobs[]  its log probability; null for the first token of an echoed prompt
//   top_logprobs[]    {text: logprob} of the n likeliest and the token itself; of entries with equal text the likeliest
//   text_offset[]     where the token starts in the text, in Unicode code points
// and as extensions in which nothing can collide
//   token_ids[]       ids of the tokens
//   top_token_ids[]   ids of the n likeliest, in falling order
//   top_values[]      their log probabilities
// Every log probability is printed so that it reads back as the same float32.
#pragma once

#include "engine/api/protocol.h"
#include "engine/text/detokenizer.h"

namespace larder::api {

class OpenAiCompletions final : public Protocol {
public:
    std::string_view name() const override { return "openai completions"; }
    std::string_view replyIdPrefix() const override { return "cmpl-"; }
    Expected<ChatRequest> readChat(const base::Json& body) override;
    std::string errorBody(const Error& error) const override;

    std::string beginStream(const ReplyContext& context) override;
    std::string streamEvent(const OutputEvent& event) override;
    std::string streamError(const Error& error) override;
    std::string keepAlive() override;
    std::string endStream() override;

    std::string collect(const ReplyContext& context, const std::vector<OutputEvent>& events) override;

private:
    void begin(const ReplyContext& context);
    base::Json envelope() const;
    base::Json chunk(const std::string& text) const;
    base::Json promptLogprobs(const OutputPromptLogprobs& prompt);
    // Appends tokens to a logprobs object; null logprobs: the first token of the prompt.
    void appendToken(base::Json& logprobs, TokenId token, const PositionLogprobs* position);

    ReplyContext m_context;
    bool m_includeUsage = false;
    bool m_logprobs = false;
    bool m_echo = false;
    std::optional<text::Detokenizer> m_offsets;  // finds where each token starts in the text
    std::size_t m_offset = 0;                    // code points so far
};

}  // namespace larder::api
