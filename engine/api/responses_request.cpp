#include "engine/api/responses_request.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "engine/api/openai_reply.h"
#include "engine/api/request_fields.h"
#include "engine/api/responses_items.h"
#include "engine/api/sampling_fields.h"

namespace larder::api {
namespace {

constexpr const char* kNotStored = "is not supported: responses are not stored here, so send the whole conversation as input";

void refuseWhatIsStored(RequestFields& fields) {
    fields.refuse("previous_response_id", kNotStored);
    fields.refuse("conversation", kNotStored);
    fields.refuse("prompt", "is not supported: prompts are not stored here, so send the text as instructions or input");
    fields.refuse("background", "is not supported: responses are not stored here, so wait for the answer or take it as a stream");
}

void refuseLogprobs(RequestFields& fields) {
    constexpr const char* kElsewhere = "asks for log probabilities, which only /v1/chat/completions and /v1/completions give";
    if (const auto top = fields.integer("top_logprobs", 0); top && *top > 0) fields.complain("top_logprobs", kElsewhere, ErrorCode::Unsupported);
    if (const base::Json* include = fields.array("include"))
        if (std::find(include->begin(), include->end(), "message.output_text.logprobs") != include->end())
            fields.complain("include", kElsewhere, ErrorCode::Unsupported);
}

// text.format: {"type": "json_schema", "name", "schema", "strict"}
void readTextFormat(RequestFields& fields, ChatRequest& chat) {
    const base::Json* text = fields.object("text");
    if (text == nullptr) return;
    RequestFields own(*text, "text.");
    if (const base::Json* format = own.object("format")) {
        RequestFields asked(*format, "text.format.");
        const std::string type = asked.string("type").value_or("");
        if (type == "json_object") {
            chat.answerSchema = std::make_shared<base::Json>(true);
        } else if (type == "json_schema") {
            if (const base::Json* schema = asked.object("schema")) chat.answerSchema = std::make_shared<base::Json>(*schema);
            else asked.complain("schema", "is missing");
            chat.answerSchemaStrict = asked.boolean("strict").value_or(false);
        } else if (type != "text") {
            asked.complain("type", "must be \"text\", \"json_object\" or \"json_schema\"");
        }
        if (!asked.ok()) own.complain(asked.problem());
    }
    if (!own.ok()) fields.complain(own.problem());
}

void readReasoningFields(RequestFields& fields, ResponsesRequest& result) {
    if (const base::Json* reasoning = fields.object("reasoning")) {
        RequestFields own(*reasoning, "reasoning.");
        const auto effort = own.string("effort");
        if (effort == "none" || effort == "minimal") result.chat.thinking = false;
        const auto summary = own.string("summary");
        result.summariseReasoning = summary && *summary != "none";
        if (!own.ok()) fields.complain(own.problem());
    }
    if (const base::Json* include = fields.array("include"))
        result.sealReasoning = std::find(include->begin(), include->end(), "reasoning.encrypted_content") != include->end();
}

// As OpenAI fills the response object: what was asked, or what holds where nothing was.
base::Json echoedFields(const RequestFields& fields, const ChatRequest& chat) {
    base::Json echo;
    const auto keep = [&](const char* name, base::Json otherwise) {
        const base::Json* asked = fields.value(name);
        echo[name] = asked != nullptr ? *asked : std::move(otherwise);
    };
    const auto number = [](float value) { return exactNumber(value); };
    keep("instructions", nullptr);
    keep("max_output_tokens", nullptr);
    keep("max_tool_calls", nullptr);
    keep("metadata", base::Json::object());
    keep("parallel_tool_calls", true);
    echo["previous_response_id"] = nullptr;
    keep("prompt_cache_key", nullptr);
    echo["reasoning"] = {{"effort", nullptr}, {"summary", nullptr}};
    if (const base::Json* reasoning = fields.value("reasoning")) echo["reasoning"].update(*reasoning);
    keep("safety_identifier", nullptr);
    echo["service_tier"] = chat.priority == Priority::Background && !chat.aside ? "flex" : "default";
    echo["store"] = false;
    keep("temperature", number(chat.sampling.temperature));
    echo["text"]["format"]["type"] = "text";
    if (const base::Json* text = fields.value("text")) echo["text"].update(*text);
    keep("tool_choice", "auto");
    keep("tools", base::Json::array());
    echo["top_logprobs"] = 0;
    keep("top_p", number(chat.sampling.topP));
    echo["truncation"] = "disabled";
    keep("user", nullptr);
    return echo;
}

}  // namespace

Expected<ResponsesRequest> readResponsesRequest(const base::Json& body) {
    RequestFields fields(body);
    ResponsesRequest result;
    ChatRequest& chat = result.chat;
    chat.model = fields.string("model").value_or("");
    refuseWhatIsStored(fields);
    refuseLogprobs(fields);
    result.tools = readResponsesTools(fields);
    ResponsesInput input = readResponsesInput(fields, result.tools);
    chat.messages = std::move(input.messages);
    chat.unreadablePart = std::move(input.unreadablePart);
    chat.tools = std::move(result.tools.tools);
    chat.toolChoice = result.tools.choice;
    readTextFormat(fields, chat);
    readReasoningFields(fields, result);
    chat.maxTokens = static_cast<std::size_t>(fields.integer("max_output_tokens", 1).value_or(0));
    // Coding agents send no tools on purpose when they ask for a title or a summary beside the conversation.
    if (const base::Json* tools = fields.value("tools"); tools != nullptr && tools->is_array() && tools->empty()) {
        chat.priority = Priority::Background;
        chat.aside = true;
    }
    readSamplingFields(fields, chat);
    chat.stream = fields.boolean("stream").value_or(false);
    fields.object("metadata");
    if (!fields.ok()) return fields.problem();
    result.echo = echoedFields(fields, chat);
    return result;
}

}  // namespace larder::api
