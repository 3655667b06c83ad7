#include "engine/api/anthropic_request.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "engine/api/anthropic_content.h"
#include "engine/api/anthropic_tools.h"
#include "engine/api/request_fields.h"
#include "engine/api/sampling_fields.h"

namespace larder::api {
namespace {

// "enabled" asks for it; "adaptive" and kinds that are not known leave it to the model.
std::optional<bool> readThinkingField(RequestFields& fields) {
    const base::Json* thinking = fields.object("thinking");
    if (thinking == nullptr) return std::nullopt;
    RequestFields own(*thinking, "thinking.");
    const std::string type = own.string("type").value_or("");
    if (!own.ok()) fields.complain(own.problem());
    if (type == "enabled") return true;
    if (type == "disabled") return false;
    return std::nullopt;
}

std::shared_ptr<base::Json> outputSchema(RequestFields& fields, const base::Json& format, const std::string& where) {
    RequestFields own(format, where);
    std::shared_ptr<base::Json> schema;
    const std::string type = own.string("type").value_or("");
    if (type != "json_schema")
        own.complain("type", "must be \"json_schema\"");
    else if (const base::Json* asked = own.object("schema"))
        schema = std::make_shared<base::Json>(*asked);
    else
        own.complain("schema:", "Field required");
    if (!own.ok()) fields.complain(own.problem());
    return schema;
}

// output_config.format, or output_format as it was called before.
std::shared_ptr<base::Json> readOutputFormat(RequestFields& fields) {
    if (const base::Json* config = fields.object("output_config")) {
        RequestFields own(*config, "output_config.");
        const base::Json* format = own.object("format");
        if (!own.ok()) fields.complain(own.problem());
        if (format != nullptr) return outputSchema(fields, *format, "output_config.format.");
    }
    const base::Json* format = fields.object("output_format");
    return format != nullptr ? outputSchema(fields, *format, "output_format.") : nullptr;
}

// Those that are shown are copied: where some are deferred, these are nearly all.
std::shared_ptr<const base::Json> joined(const std::shared_ptr<base::Json>& shown, std::shared_ptr<base::Json> deferred) {
    if (!shown || !deferred) return deferred;
    deferred->insert(deferred->begin(), shown->begin(), shown->end());
    return deferred;
}

AnthropicRequest readPromptFields(RequestFields& fields) {
    AnthropicRequest result;
    ChatRequest& chat = result.chat;
    const auto model = fields.string("model");
    if (!model) fields.complain("model:", "Field required");
    chat.model = model.value_or("");
    AnthropicTools tools = readAnthropicTools(fields);
    AnthropicContent content = readAnthropicContent(fields, tools);
    chat.messages = std::move(content.messages);
    chat.unreadablePart = std::move(content.unreadablePart);
    chat.tools = std::move(tools.tools);
    chat.allTools = joined(chat.tools, std::move(tools.deferred));
    chat.toolChoice = std::move(tools.choice);
    chat.thinking = readThinkingField(fields);
    chat.answerSchema = readOutputFormat(fields);
    result.cacheControl = tools.cacheControl || content.cacheControl || fields.value("cache_control") != nullptr;
    return result;
}

bool endsInAnswer(const ChatRequest& chat) {
    return !chat.messages->empty() && chat.messages->back()["role"] == "assistant";
}

}  // namespace

Expected<AnthropicRequest> readAnthropicPrompt(const base::Json& body) {
    RequestFields fields(body);
    AnthropicRequest result = readPromptFields(fields);
    if (!fields.ok()) return fields.problem();
    return result;
}

Expected<AnthropicRequest> readAnthropicRequest(const base::Json& body) {
    RequestFields fields(body);
    AnthropicRequest result = readPromptFields(fields);
    ChatRequest& chat = result.chat;
    const auto maxTokens = fields.integer("max_tokens", 1);
    if (!maxTokens) fields.complain("max_tokens:", "Field required");  // a wrong one has complained already
    chat.maxTokens = static_cast<std::size_t>(maxTokens.value_or(0));
    // Coding agents send no tools on purpose when they ask for a title or a summary beside the conversation.
    if (const base::Json* tools = fields.value("tools"); tools != nullptr && tools->is_array() && tools->empty()) {
        chat.priority = Priority::Background;
        chat.aside = true;
    }
    readSamplingFields(fields, chat);
    readStopStrings(fields, "stop_sequences", chat.stop);
    chat.stream = fields.boolean("stream").value_or(false);
    if (fields.ok() && endsInAnswer(chat))
        fields.complain(Error{ErrorCode::Unsupported,
                              "This model does not support assistant message prefill. The conversation must end with a user "
                              "message."});
    if (!fields.ok()) return fields.problem();
    return result;
}

}  // namespace larder::api
