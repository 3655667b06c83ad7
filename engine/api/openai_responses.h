// POST /v1/responses: the OpenAI Responses protocol, without stored responses (docs/http_api.md). One object per request.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "engine/api/protocol.h"
#include "engine/api/responses_output.h"

namespace larder::api {

class OpenAiResponses final : public Protocol {
public:
    std::string_view name() const override { return "openai responses"; }
    std::string_view replyIdPrefix() const override { return "resp_"; }
    Expected<ChatRequest> readChat(const base::Json& body) override;
    std::string errorBody(const Error& error) const override;

    // response.created, response.in_progress; the items' events; response.completed, .incomplete or .failed. While nothing else
    // comes, response.in_progress again.
    std::string beginStream(const ReplyContext& context) override;
    std::string streamEvent(const OutputEvent& event) override;
    std::string streamError(const Error& error) override;
    std::string keepAlive() override;
    std::string endStream() override { return {}; }

    std::string collect(const ReplyContext& context, const std::vector<OutputEvent>& events) override;

private:
    base::Json response(const char* status) const;
    base::Json finishedResponse(const OutputFinished& finished) const;
    base::Json usage(const OutputFinished& finished) const;
    std::string frame(base::Json event);
    std::string responseFrame(const char* type, base::Json response);

    ReplyContext m_context;
    base::Json m_echo;
    std::optional<ResponsesOutput> m_output;  // from readChat on
    std::size_t m_sequence = 0;               // of the next event
};

}  // namespace larder::api
