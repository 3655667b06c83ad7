// POST /v1/messages: the Anthropic Messages protocol (docs/http_api.md). One object per request.
#pragma once

#include <string>

#include "engine/api/answer_blocks.h"
#include "engine/api/protocol.h"

namespace larder::api {

class AnthropicMessages final : public Protocol {
public:
    // requestId: told in errors.
    explicit AnthropicMessages(std::string requestId) : m_requestId(std::move(requestId)) {}

    std::string_view name() const override { return "anthropic messages"; }
    std::string_view replyIdPrefix() const override { return "msg_"; }
    std::string_view callIdPrefix() const override { return "toolu_"; }
    Expected<ChatRequest> readChat(const base::Json& body) override;
    std::string errorBody(const Error& error) const override;

    // message_start, ping; content_block_start, _delta, _stop for each block; message_delta, message_stop. After an error
    // event nothing more comes.
    std::string beginStream(const ReplyContext& context) override;
    std::string streamEvent(const OutputEvent& event) override;
    std::string streamError(const Error& error) override;
    std::string keepAlive() override;
    std::string endStream() override;

    std::string collect(const ReplyContext& context, const std::vector<OutputEvent>& events) override;

private:
    base::Json message(const ReplyContext& context) const;
    // Of the prompt's tokens each counts once: as read from the cache, as computed for the cache, or as input.
    base::Json usage(std::size_t promptTokens, std::size_t cachedTokens, std::size_t answerTokens) const;

    const std::string m_requestId;
    bool m_cacheControl = false;
    bool m_failed = false;
    AnswerBlocks m_blocks;
};

}  // namespace larder::api
