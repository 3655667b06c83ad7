#include "engine/api/openai_chat.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "engine/api/chat_messages.h"
#include "engine/api/error_reply.h"
#include "engine/api/openai_reply.h"
#include "engine/api/sampling_fields.h"
#include "engine/api/sse.h"

namespace larder::api {
namespace {

constexpr int kMaxTopLogprobs = 20;

void readLengthAndLogprobs(RequestFields& fields, ChatRequest& request) {
    // -1 is what clients of local servers send when they set no limit.
    const base::Json* limit = fields.value("max_tokens");
    const bool unlimited = limit != nullptr && limit->is_number_integer() && !limit->is_number_unsigned() && *limit == -1;
    const auto older = unlimited ? std::nullopt : fields.integer("max_tokens", 1);
    const auto newer = fields.integer("max_completion_tokens", 1);
    request.maxTokens = static_cast<std::size_t>(newer.value_or(older.value_or(0)));

    const bool wanted = fields.boolean("logprobs").value_or(false);
    const auto top = fields.integer("top_logprobs", 0, kMaxTopLogprobs);
    if (top && *top > 0 && !wanted) fields.complain("top_logprobs", "needs logprobs to be true");
    if (wanted) request.topLogprobs = static_cast<int>(top.value_or(0));
    if (const base::Json* modalities = fields.array("modalities"))
        for (const base::Json& modality : *modalities)
            if (modality != "text") fields.complain("modalities", "can only have \"text\"", ErrorCode::Unsupported);
}

// Whether the model is to think: unset, as it does by itself. Servers and clients have several words for it. "low" and more
// of an effort are a wish that the models here know no degrees of.
std::optional<bool> readThinking(RequestFields& fields) {
    const auto isOff = [](const std::string& word) { return word == "none" || word == "minimal" || word == "disabled"; };
    std::optional<bool> thinking;
    const auto off = [&](const base::Json* value) {
        if (value != nullptr && value->is_string() && isOff(value->get<std::string>())) thinking = false;
    };
    off(fields.value("reasoning_effort"));
    for (const auto& [object, word] : {std::pair("reasoning", "effort"), std::pair("thinking", "type")}) {
        const base::Json* settings = fields.value(object);
        if (settings == nullptr || !settings->is_object()) continue;
        RequestFields own(*settings);
        off(own.value(word));
        if (const base::Json* enabled = own.value("enabled"); enabled != nullptr && enabled->is_boolean()) thinking = enabled->get<bool>();
    }
    if (const base::Json* enabled = fields.value("enable_thinking"); enabled != nullptr && enabled->is_boolean())
        thinking = enabled->get<bool>();
    return thinking;
}

// An answer that ends with calls waits for their results.
const char* chatFinishReason(const OutputFinished& finished) {
    return finished.reason == FinishReason::Stop && finished.calls > 0 ? "tool_calls" : finishReasonName(finished.reason);
}

base::Json callJson(const OutputCallStart& call, const std::string& arguments) {
    base::Json result{{"id", call.id}, {"type", "function"}};
    result["function"] = {{"name", call.name}, {"arguments", arguments}};
    return result;
}

// The message of an answer that comes in one piece.
class CollectedMessage {
public:
    void add(const OutputEvent& event) {
        if (const auto* output = std::get_if<OutputText>(&event)) m_text += output->text;
        if (const auto* output = std::get_if<OutputReasoning>(&event)) m_reasoning += output->text;
        if (const auto* call = std::get_if<OutputCallStart>(&event)) m_call = *call, m_arguments.clear();
        if (const auto* piece = std::get_if<OutputCallArguments>(&event)) m_arguments += piece->json;
        const auto* end = std::get_if<OutputCallEnd>(&event);
        if (end != nullptr && end->complete) m_calls.push_back(callJson(m_call, m_arguments));
        if (end != nullptr && !end->complete) m_text += end->raw;  // no client can do anything with half a call
    }

    base::Json json() {
        base::Json message{{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
        if (!m_text.empty() || m_calls.empty()) message["content"] = std::move(m_text);
        if (!m_reasoning.empty()) message["reasoning_content"] = std::move(m_reasoning);
        if (!m_calls.empty()) message["tool_calls"] = std::move(m_calls);
        return message;
    }

private:
    std::string m_text;
    std::string m_reasoning;
    OutputCallStart m_call;
    std::string m_arguments;
    base::Json m_calls = base::Json::array();
};

}  // namespace

Expected<ChatRequest> OpenAiChat::readChat(const base::Json& body) {
    RequestFields fields(body);
    ChatRequest request;
    ChatMessages chat = readChatMessages(fields);
    request.messages = std::move(chat.messages);
    request.tools = std::move(chat.tools);
    request.toolChoice = std::move(chat.toolChoice);
    request.templateVariables = std::move(chat.templateVariables);
    request.unreadablePart = std::move(chat.unreadablePart);
    // Coding agents send no tools on purpose when they ask for a title or a summary beside the conversation.
    if (const base::Json* tools = fields.value("tools"); tools != nullptr && tools->is_array() && tools->empty()) {
        request.priority = Priority::Background;
        request.aside = true;
    }
    request.thinking = readThinking(fields);
    readCommonFields(fields, request);
    readLengthAndLogprobs(fields, request);
    if (!fields.ok()) return fields.problem();
    m_includeUsage = request.includeUsage;
    m_logprobs = request.topLogprobs >= 0;
    return request;
}

std::string OpenAiChat::errorBody(const Error& error) const {
    return openAiErrorBody(error);
}

base::Json OpenAiChat::envelope(const char* object) const {
    base::Json result;
    result["id"] = m_context.id;
    result["object"] = object;
    result["created"] = m_context.createdSeconds;
    result["model"] = m_context.model;
    return result;
}

base::Json OpenAiChat::chunk(base::Json delta) const {
    base::Json result = envelope("chat.completion.chunk");
    base::Json choice;
    choice["index"] = 0;
    choice["delta"] = std::move(delta);
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = nullptr;
    result["choices"].push_back(std::move(choice));
    if (m_includeUsage) result["usage"] = nullptr;
    return result;
}

std::string OpenAiChat::beginStream(const ReplyContext& context) {
    m_context = context;
    return sseFrame(chunk({{"role", "assistant"}, {"content", ""}}));
}

std::string OpenAiChat::textFrame(const OutputText& output) const {
    if (output.text.empty() && output.logprobs.empty()) return {};
    base::Json frame = chunk({{"content", output.text}});
    if (m_logprobs)
        frame["choices"][0]["logprobs"] = {{"content", chatLogprobsJson(*m_context.tokenizer, output.logprobs)},
                                           {"refusal", nullptr}};
    return sseFrame(frame);
}

std::string OpenAiChat::callFrame(std::size_t index, base::Json call) const {
    base::Json entry{{"index", index}};
    entry.update(call);
    return sseFrame(chunk({{"tool_calls", base::Json::array({std::move(entry)})}}));
}

base::Json OpenAiChat::usage(const OutputFinished& finished) const {
    base::Json result = usageJson(finished);
    result["completion_tokens_details"]["reasoning_tokens"] = reasoningTokens(m_context.tokenizer, m_reasoning, finished);
    return result;
}

std::string OpenAiChat::endFrames(const OutputFinished& finished) const {
    base::Json frame = chunk(base::Json::object());
    frame["choices"][0]["finish_reason"] = chatFinishReason(finished);
    frame["timings"] = timingsJson(finished);
    std::string frames = sseFrame(frame);
    if (m_includeUsage) {
        base::Json last = envelope("chat.completion.chunk");
        last["choices"] = base::Json::array();
        last["usage"] = usage(finished);
        frames += sseFrame(last);
    }
    return frames;
}

std::string OpenAiChat::streamEvent(const OutputEvent& event) {
    if (const auto* output = std::get_if<OutputText>(&event)) return textFrame(*output);
    if (const auto* output = std::get_if<OutputReasoning>(&event)) {
        m_reasoning += output->text;
        return sseFrame(chunk({{"reasoning_content", output->text}}));
    }
    if (const auto* call = std::get_if<OutputCallStart>(&event))
        return callFrame(call->index, callJson(*call, ""));
    if (const auto* piece = std::get_if<OutputCallArguments>(&event))
        return callFrame(piece->index, {{"function", {{"arguments", piece->json}}}});
    if (const auto* finished = std::get_if<OutputFinished>(&event)) return endFrames(*finished);
    return {};  // the end of a call says nothing here
}

std::string OpenAiChat::streamError(const Error& error) {
    return "data: " + openAiErrorBody(error) + "\n\n";
}

std::string OpenAiChat::keepAlive() {
    return sseFrame(chunk({{"content", ""}}));
}

std::string OpenAiChat::endStream() {
    return sseDone();
}

std::string OpenAiChat::collect(const ReplyContext& context, const std::vector<OutputEvent>& events) {
    m_context = context;
    CollectedMessage message;
    base::Json logprobs = base::Json::array();
    OutputFinished finished;
    for (const OutputEvent& event : events) {
        message.add(event);
        if (const auto* output = std::get_if<OutputReasoning>(&event)) m_reasoning += output->text;
        if (const auto* output = std::get_if<OutputText>(&event); output != nullptr && m_logprobs) {
            for (base::Json& entry : chatLogprobsJson(*m_context.tokenizer, output->logprobs))
                logprobs.push_back(std::move(entry));
        } else if (const auto* end = std::get_if<OutputFinished>(&event)) {
            finished = *end;
        }
    }
    base::Json choice;
    choice["index"] = 0;
    choice["message"] = message.json();
    choice["logprobs"] = nullptr;
    if (m_logprobs) choice["logprobs"] = {{"content", std::move(logprobs)}, {"refusal", nullptr}};
    choice["finish_reason"] = chatFinishReason(finished);
    base::Json result = envelope("chat.completion");
    result["choices"].push_back(std::move(choice));
    result["usage"] = usage(finished);
    result["timings"] = timingsJson(finished);
    return base::dumpJson(result);
}

}  // namespace larder::api
