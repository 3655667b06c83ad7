#include "engine/api/responses_output.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/api/responses_reasoning.h"
#include "engine/base/secret.h"

namespace larder::api {
namespace {

base::Json newItem(const char* prefix, const char* type) {
    base::Json item{{"id", prefix + base::randomHex(12)}, {"type", type}};
    item["status"] = "in_progress";
    return item;
}

base::Json outputTextPart(const std::string& text) {
    base::Json part{{"type", "output_text"}, {"text", text}};
    part["annotations"] = base::Json::array();
    part["logprobs"] = base::Json::array();
    return part;
}

base::Json typedPart(const char* type, const std::string& text) {
    return {{"type", type}, {"text", text}};
}

// The input of a custom tool's call; of one that is not as asked, what the model wrote.
std::string customInput(const std::string& arguments) {
    const auto parsed = base::parseJson(arguments);
    if (parsed && parsed->is_object() && parsed->contains("input") && (*parsed)["input"].is_string()) return (*parsed)["input"].get<std::string>();
    return arguments;
}

}  // namespace

void ResponsesOutput::add(const OutputEvent& event, Events& events) {
    const auto* finished = std::get_if<OutputFinished>(&event);
    const bool cutOff = finished != nullptr && finished->reason == FinishReason::Length;
    std::vector<BlockStep> steps;
    m_blocks.add(event, steps);
    for (const BlockStep& step : steps) {
        if (const auto* begun = std::get_if<BlockStart>(&step)) start(*begun, events);
        else if (const auto* some = std::get_if<BlockPiece>(&step)) piece(*some, events);
        else stop(std::get<BlockStop>(step), cutOff, events);
    }
}

base::Json ResponsesOutput::itemEvent(const char* type) const {
    return {{"type", type}, {"item_id", m_item["id"]}, {"output_index", m_items.size()}};
}

base::Json ResponsesOutput::partEvent(const char* type, base::Json part) const {
    base::Json event = itemEvent(type);
    event[part["type"] == "summary_text" ? "summary_index" : "content_index"] = 0;
    event["part"] = std::move(part);
    return event;
}

void ResponsesOutput::start(const BlockStart& start, Events& events) {
    m_pieces.clear();
    if (start.kind == AnswerBlock::Text) {
        m_item = newItem("msg_", "message");
        m_item["role"] = "assistant";
        m_item["content"] = base::Json::array();
    } else if (start.kind == AnswerBlock::Thinking) {
        m_item = newItem("rs_", "reasoning");
        m_item["summary"] = base::Json::array();
        if (!m_settings.summariseReasoning) m_item["content"] = base::Json::array();
    } else {
        startCall(start);
    }
    events.push_back({{"type", "response.output_item.added"}, {"output_index", m_items.size()}, {"item", m_item}});
    if (start.kind == AnswerBlock::Text)
        events.push_back(partEvent("response.content_part.added", outputTextPart("")));
    else if (start.kind == AnswerBlock::Thinking && m_settings.summariseReasoning)
        events.push_back(partEvent("response.reasoning_summary_part.added", typedPart("summary_text", "")));
    else if (start.kind == AnswerBlock::Thinking)
        events.push_back(partEvent("response.content_part.added", typedPart("reasoning_text", "")));
}

void ResponsesOutput::startCall(const BlockStart& start) {
    const auto known = m_settings.tools.find(start.name);
    const ResponsesTool tool = known != m_settings.tools.end() ? known->second : ResponsesTool{start.name, {}, false};
    m_item = tool.custom ? newItem("ctc_", "custom_tool_call") : newItem("fc_", "function_call");
    m_item["call_id"] = start.id;
    if (!tool.space.empty()) m_item["namespace"] = tool.space;
    m_item["name"] = tool.name;
    m_item[tool.custom ? "input" : "arguments"] = "";
}

void ResponsesOutput::piece(const BlockPiece& piece, Events& events) {
    m_pieces += piece.text;
    base::Json event;
    if (piece.kind == AnswerBlock::Text) {
        event = itemEvent("response.output_text.delta");
        event["content_index"] = 0;
        event["delta"] = piece.text;
        event["logprobs"] = base::Json::array();
    } else if (piece.kind == AnswerBlock::Thinking) {
        m_reasoning += piece.text;
        event = itemEvent(m_settings.summariseReasoning ? "response.reasoning_summary_text.delta" : "response.reasoning_text.delta");
        event[m_settings.summariseReasoning ? "summary_index" : "content_index"] = 0;
        event["delta"] = piece.text;
    } else {
        // The text of a custom tool is within a JSON string: it goes out when all of that is there.
        if (m_item["type"] == "custom_tool_call") return;
        event = itemEvent("response.function_call_arguments.delta");
        event["delta"] = piece.text;
    }
    events.push_back(std::move(event));
}

void ResponsesOutput::stop(const BlockStop& stop, bool cutOff, Events& events) {
    m_item["status"] = cutOff || !stop.complete ? "incomplete" : "completed";
    if (stop.kind == AnswerBlock::Text) stopMessage(events);
    else if (stop.kind == AnswerBlock::Thinking) stopReasoning(events);
    else stopCall(stop, events);
    events.push_back({{"type", "response.output_item.done"}, {"output_index", m_items.size()}, {"item", m_item}});
    m_items.push_back(std::move(m_item));
}

void ResponsesOutput::stopMessage(Events& events) {
    base::Json done = itemEvent("response.output_text.done");
    done["content_index"] = 0;
    done["text"] = m_pieces;
    done["logprobs"] = base::Json::array();
    events.push_back(std::move(done));
    m_item["content"].push_back(outputTextPart(m_pieces));
    events.push_back(partEvent("response.content_part.done", m_item["content"][0]));
}

void ResponsesOutput::stopReasoning(Events& events) {
    const bool summary = m_settings.summariseReasoning;
    base::Json done = itemEvent(summary ? "response.reasoning_summary_text.done" : "response.reasoning_text.done");
    done[summary ? "summary_index" : "content_index"] = 0;
    done["text"] = m_pieces;
    events.push_back(std::move(done));
    base::Json part = typedPart(summary ? "summary_text" : "reasoning_text", m_pieces);
    m_item[summary ? "summary" : "content"].push_back(part);
    events.push_back(partEvent(summary ? "response.reasoning_summary_part.done" : "response.content_part.done", std::move(part)));
    if (m_settings.sealReasoning) m_item["encrypted_content"] = sealedReasoning(m_pieces);
}

void ResponsesOutput::stopCall(const BlockStop& stop, Events& events) {
    if (m_item["type"] == "custom_tool_call") {
        const std::string input = stop.complete ? customInput(m_pieces) : m_pieces;
        m_item["input"] = input;
        base::Json delta = itemEvent("response.custom_tool_call_input.delta");
        delta["delta"] = input;
        events.push_back(std::move(delta));
        base::Json done = itemEvent("response.custom_tool_call_input.done");
        done["input"] = input;
        events.push_back(std::move(done));
        return;
    }
    m_item["arguments"] = m_pieces;
    base::Json done = itemEvent("response.function_call_arguments.done");
    done["name"] = m_item["name"];
    done["arguments"] = m_pieces;
    events.push_back(std::move(done));
}

}  // namespace larder::api
