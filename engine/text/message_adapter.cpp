#include "engine/text/message_adapter.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace larder::text {
namespace {

using base::Json;

Expected<std::string> joinedParts(const Json& parts) {
    std::string out;
    bool first = true;
    for (const Json& part : parts) {
        const Json* text = nullptr;
        if (part.is_string()) text = &part;
        else if (part.is_object() && part.contains("text") && part["text"].is_string()) text = &part["text"];
        if (text == nullptr) {
            std::string type = "unknown";
            if (part.is_object() && part.contains("type") && part["type"].is_string())
                type = part["type"].get<std::string>();
            return Error{ErrorCode::InvalidArgument,
                         "this model's chat template takes text only, not a content part of type " + type};
        }
        if (!first) out += '\n';
        first = false;
        out += text->get_ref<const std::string&>();
    }
    return out;
}

Expected<void> adaptContent(Json& message, const ChatTemplateAbilities& abilities) {
    const auto it = message.find("content");
    const bool none = it == message.end() || it->is_null();
    const auto calls = message.find("tool_calls");
    const bool calling = calls != message.end() && calls->is_array() && !calls->empty();
    const bool empty = !none && it->is_string() && it->get_ref<const std::string&>().empty();
    if (none || (empty && calling && abilities.callsNeedNull)) {
        message["content"] = calling && abilities.nullContent ? Json() : Json("");
        return {};
    }
    if (it->is_array() && !abilities.partsContent) {
        Expected<std::string> text = joinedParts(*it);
        if (!text) return std::move(text).error();
        *it = std::move(*text);
    } else if (it->is_string() && !abilities.textContent) {
        Json part = {{"type", "text"}, {"text", *it}};
        *it = Json::array({std::move(part)});
    }
    return {};
}

// Clients send the arguments as the JSON text the model wrote; templates want what it says, or the text itself.
void adaptArguments(Json& call, const ChatTemplateAbilities& abilities) {
    if (!call.is_object()) return;
    Json& function = call.contains("function") && call["function"].is_object() ? call["function"] : call;
    const auto it = function.find("arguments");
    if (it == function.end()) return;
    if (abilities.argumentObjects && it->is_string()) {
        Expected<Json> parsed = base::parseJson(it->get_ref<const std::string&>());
        if (parsed && parsed->is_object()) *it = std::move(*parsed);
    } else if (!abilities.argumentObjects && it->is_object()) {
        *it = base::dumpJson(*it);
    }
}

}  // namespace

Expected<base::Json> adaptMessages(const base::Json& messages, const ChatTemplateAbilities& abilities) {
    if (!messages.is_array()) return Error{ErrorCode::InvalidArgument, "messages must be an array"};
    Json out = messages;
    for (Json& message : out) {
        if (!message.is_object()) return Error{ErrorCode::InvalidArgument, "every message must be an object"};
        if (const auto done = adaptContent(message, abilities); !done) return done.error();
        const auto calls = message.find("tool_calls");
        if (calls == message.end() || !calls->is_array()) continue;
        for (Json& call : *calls) adaptArguments(call, abilities);
    }
    return out;
}

}  // namespace larder::text
