#include "engine/api/openai_responses.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/api/error_reply.h"
#include "engine/api/openai_reply.h"
#include "engine/api/responses_request.h"

namespace larder::api {
namespace {

// Of OpenAI's codes. Clients try again after server_error and give up after the others.
const char* failureCode(ErrorCode code) {
    if (code == ErrorCode::ContextExceeded) return "context_length_exceeded";
    return httpStatus(code) < 500 ? "invalid_prompt" : "server_error";
}

bool ranOut(const OutputFinished& finished) {
    return finished.reason == FinishReason::Length;
}

}  // namespace

Expected<ChatRequest> OpenAiResponses::readChat(const base::Json& body) {
    Expected<ResponsesRequest> request = readResponsesRequest(body);
    if (!request) return std::move(request).error();
    m_echo = std::move(request->echo);
    m_output.emplace(ResponsesOutputSettings{std::move(request->tools.known), request->summariseReasoning, request->sealReasoning});
    return std::move(request->chat);
}

std::string OpenAiResponses::errorBody(const Error& error) const {
    return openAiErrorBody(error);
}

base::Json OpenAiResponses::response(const char* status) const {
    base::Json result;
    result["id"] = m_context.id;
    result["object"] = "response";
    result["created_at"] = m_context.createdSeconds;
    result["status"] = status;
    result["background"] = false;
    result["error"] = nullptr;
    result["incomplete_details"] = nullptr;
    result["model"] = m_context.model;
    result["output"] = m_output->items();
    result.update(m_echo);
    result["usage"] = nullptr;
    return result;
}

base::Json OpenAiResponses::usage(const OutputFinished& finished) const {
    base::Json result;
    result["input_tokens"] = finished.promptTokens;
    result["input_tokens_details"]["cached_tokens"] = finished.cachedTokens;
    result["output_tokens"] = finished.completionTokens;
    result["output_tokens_details"]["reasoning_tokens"] = reasoningTokens(m_context.tokenizer, m_output->reasoning(), finished);
    result["total_tokens"] = finished.promptTokens + finished.completionTokens;
    return result;
}

base::Json OpenAiResponses::finishedResponse(const OutputFinished& finished) const {
    base::Json result = response(ranOut(finished) ? "incomplete" : "completed");
    if (ranOut(finished)) result["incomplete_details"] = {{"reason", "max_output_tokens"}};
    result["usage"] = usage(finished);
    result["timings"] = timingsJson(finished);
    return result;
}

std::string OpenAiResponses::frame(base::Json event) {
    event["sequence_number"] = m_sequence++;
    return "event: " + event["type"].get_ref<const std::string&>() + "\ndata: " + base::dumpJson(event) + "\n\n";
}

std::string OpenAiResponses::responseFrame(const char* type, base::Json response) {
    base::Json event{{"type", type}};
    event["response"] = std::move(response);
    return frame(std::move(event));
}

std::string OpenAiResponses::beginStream(const ReplyContext& context) {
    m_context = context;
    std::string frames = responseFrame("response.created", response("in_progress"));
    return frames += keepAlive();  // one after the other: they are numbered
}

std::string OpenAiResponses::streamEvent(const OutputEvent& event) {
    std::vector<base::Json> events;
    m_output->add(event, events);
    std::string frames;
    for (base::Json& each : events) frames += frame(std::move(each));
    if (const auto* finished = std::get_if<OutputFinished>(&event))
        frames += responseFrame(ranOut(*finished) ? "response.incomplete" : "response.completed", finishedResponse(*finished));
    return frames;
}

std::string OpenAiResponses::streamError(const Error& error) {
    base::Json failed = response("failed");
    failed["error"] = {{"code", failureCode(error.code)}, {"message", error.message}};
    return responseFrame("response.failed", std::move(failed));
}

std::string OpenAiResponses::keepAlive() {
    return responseFrame("response.in_progress", response("in_progress"));
}

std::string OpenAiResponses::collect(const ReplyContext& context, const std::vector<OutputEvent>& events) {
    m_context = context;
    OutputFinished finished;
    std::vector<base::Json> told;
    for (const OutputEvent& event : events) {
        told.clear();
        m_output->add(event, told);
        if (const auto* end = std::get_if<OutputFinished>(&event)) finished = *end;
    }
    return base::dumpJson(finishedResponse(finished));
}

}  // namespace larder::api
