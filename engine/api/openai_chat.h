// POST /v1/chat/completions: the OpenAI chat protocol (docs/http_api.md). One object per request.
#pragma once

#include "engine/api/protocol.h"

namespace larder::api {

class OpenAiChat final : public Protocol {
public:
    std::string_view name() const override { return "openai chat"; }
    std::string_view replyIdPrefix() const override { return "chatcmpl-"; }
    Expected<ChatRequest> readChat(const base::Json& body) override;
    std::string errorBody(const Error& error) const override;

    std::string beginStream(const ReplyContext& context) override;
    std::string streamEvent(const OutputEvent& event) override;
    std::string streamError(const Error& error) override;
    std::string keepAlive() override;
    std::string endStream() override;

    std::string collect(const ReplyContext& context, const std::vector<OutputEvent>& events) override;

private:
    base::Json envelope(const char* object) const;
    base::Json chunk(base::Json delta) const;
    std::string textFrame(const OutputText& output) const;
    std::string callFrame(std::size_t index, base::Json call) const;
    std::string endFrames(const OutputFinished& finished) const;
    base::Json usage(const OutputFinished& finished) const;

    ReplyContext m_context;
    std::string m_reasoning;  // so far
    bool m_includeUsage = false;
    bool m_logprobs = false;
};

}  // namespace larder::api
