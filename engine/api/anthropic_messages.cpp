#include "engine/api/anthropic_messages.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/api/anthropic_error.h"
#include "engine/api/anthropic_request.h"

namespace larder::api {
namespace {

std::string anthropicFrame(const base::Json& event) {
    return "event: " + event["type"].get_ref<const std::string&>() + "\ndata: " + base::dumpJson(event) + "\n\n";
}

base::Json emptyBlock(AnswerBlock kind) {
    switch (kind) {
        case AnswerBlock::Text:
            return {{"type", "text"}, {"text", ""}};
        case AnswerBlock::Thinking:
            return {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}};
        case AnswerBlock::ToolUse:
            break;
    }
    return {{"type", "tool_use"}, {"id", ""}, {"name", ""}, {"input", base::Json::object()}};
}

base::Json startedBlock(const BlockStart& start) {
    base::Json block = emptyBlock(start.kind);
    if (start.kind == AnswerBlock::ToolUse) {
        block["id"] = start.id;
        block["name"] = start.name;
    }
    return block;
}

std::string deltaFrame(std::size_t index, const char* type, const char* key, const std::string& value) {
    return anthropicFrame({{"type", "content_block_delta"}, {"index", index}, {"delta", {{"type", type}, {key, value}}}});
}

std::string stepFrames(const BlockStep& step) {
    if (const auto* start = std::get_if<BlockStart>(&step))
        return anthropicFrame({{"type", "content_block_start"}, {"index", start->index}, {"content_block", startedBlock(*start)}});
    if (const auto* piece = std::get_if<BlockPiece>(&step)) {
        if (piece->kind == AnswerBlock::Text) return deltaFrame(piece->index, "text_delta", "text", piece->text);
        if (piece->kind == AnswerBlock::Thinking)
            return deltaFrame(piece->index, "thinking_delta", "thinking", piece->text);
        return deltaFrame(piece->index, "input_json_delta", "partial_json", piece->text);
    }
    const auto& stop = std::get<BlockStop>(step);
    std::string frames;
    if (stop.kind == AnswerBlock::Thinking)
        frames = deltaFrame(stop.index, "signature_delta", "signature", stop.signature);
    return frames + anthropicFrame({{"type", "content_block_stop"}, {"index", stop.index}});
}

// The steps of a whole answer, put together.
class CollectedContent {
public:
    void add(const BlockStep& step) {
        if (const auto* start = std::get_if<BlockStart>(&step)) {
            m_content.push_back(startedBlock(*start));
            m_pieces.clear();
        } else if (const auto* piece = std::get_if<BlockPiece>(&step)) {
            m_pieces += piece->text;
        } else {
            stop(std::get<BlockStop>(step));
        }
    }
    base::Json take() { return std::move(m_content); }

private:
    void stop(const BlockStop& stop) {
        base::Json& block = m_content.back();
        if (stop.kind == AnswerBlock::Text) block["text"] = std::move(m_pieces);
        if (stop.kind == AnswerBlock::Thinking) {
            block["thinking"] = std::move(m_pieces);
            block["signature"] = stop.signature;
        }
        if (stop.kind != AnswerBlock::ToolUse) return;
        auto input = base::parseJson(m_pieces);
        if (stop.complete && input && input->is_object())
            block["input"] = std::move(*input);
        else
            block = {{"type", "text"}, {"text", stop.raw}};
    }

    base::Json m_content = base::Json::array();
    std::string m_pieces;  // of the last block
};

// A full window is "max_tokens" too: the name Anthropic has for it is not known to all clients.
std::string anthropicStopReason(const OutputFinished& finished) {
    if (finished.reason == FinishReason::Length) return "max_tokens";
    if (finished.calls > 0) return "tool_use";
    return finished.stopString.empty() ? "end_turn" : "stop_sequence";
}

void setAnthropicStop(base::Json& target, const OutputFinished& finished) {
    const std::string reason = anthropicStopReason(finished);
    target["stop_reason"] = reason;
    target["stop_sequence"] = nullptr;
    if (reason == "stop_sequence") target["stop_sequence"] = finished.stopString;
}

}  // namespace

Expected<ChatRequest> AnthropicMessages::readChat(const base::Json& body) {
    Expected<AnthropicRequest> request = readAnthropicRequest(body);
    if (!request) return std::move(request).error();
    m_cacheControl = request->cacheControl && !request->chat.noStore;
    return std::move(request->chat);
}

std::string AnthropicMessages::errorBody(const Error& error) const {
    return anthropicErrorBody(error, m_requestId);
}

base::Json AnthropicMessages::message(const ReplyContext& context) const {
    base::Json result;
    result["id"] = context.id;
    result["type"] = "message";
    result["role"] = "assistant";
    result["model"] = context.model;
    result["content"] = base::Json::array();
    result["stop_reason"] = nullptr;
    result["stop_sequence"] = nullptr;
    return result;
}

base::Json AnthropicMessages::usage(std::size_t promptTokens, std::size_t cachedTokens, std::size_t answerTokens) const {
    const std::size_t cached = std::min(cachedTokens, promptTokens);
    const std::size_t computed = promptTokens - cached;
    // All that is computed is kept but for the last token, which is never taken from the cache.
    const std::size_t created = m_cacheControl && computed > 0 ? computed - 1 : 0;
    base::Json result;
    result["input_tokens"] = computed - created;
    result["cache_creation_input_tokens"] = created;
    result["cache_read_input_tokens"] = cached;
    result["output_tokens"] = answerTokens;
    return result;
}

std::string AnthropicMessages::beginStream(const ReplyContext& context) {
    base::Json start = message(context);
    start["usage"] = usage(context.promptTokens, context.cachedTokens, 0);
    return anthropicFrame({{"type", "message_start"}, {"message", std::move(start)}}) + keepAlive();
}

std::string AnthropicMessages::streamEvent(const OutputEvent& event) {
    std::vector<BlockStep> steps;
    m_blocks.add(event, steps);
    std::string frames;
    for (const BlockStep& step : steps) frames += stepFrames(step);
    if (const auto* finished = std::get_if<OutputFinished>(&event)) {
        base::Json delta = base::Json::object();
        setAnthropicStop(delta, *finished);
        frames += anthropicFrame({{"type", "message_delta"},
                              {"delta", std::move(delta)},
                              {"usage", usage(finished->promptTokens, finished->cachedTokens, finished->completionTokens)}});
    }
    return frames;
}

std::string AnthropicMessages::streamError(const Error& error) {
    m_failed = true;
    return anthropicFrame(anthropicErrorJson(error, m_requestId));
}

std::string AnthropicMessages::keepAlive() {
    return anthropicFrame({{"type", "ping"}});
}

std::string AnthropicMessages::endStream() {
    return m_failed ? std::string() : anthropicFrame({{"type", "message_stop"}});
}

std::string AnthropicMessages::collect(const ReplyContext& context, const std::vector<OutputEvent>& events) {
    CollectedContent content;
    OutputFinished finished;
    std::vector<BlockStep> steps;
    for (const OutputEvent& event : events) {
        m_blocks.add(event, steps);
        for (const BlockStep& step : steps) content.add(step);
        steps.clear();
        if (const auto* end = std::get_if<OutputFinished>(&event)) finished = *end;
    }
    base::Json result = message(context);
    result["content"] = content.take();
    setAnthropicStop(result, finished);
    result["usage"] = usage(finished.promptTokens, finished.cachedTokens, finished.completionTokens);
    return base::dumpJson(result);
}

}  // namespace larder::api
