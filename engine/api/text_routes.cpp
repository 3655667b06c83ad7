#include "engine/api/text_routes.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/api/chat_messages.h"
#include "engine/api/prompt.h"
#include "engine/api/request_fields.h"
#include "engine/base/utf8.h"

namespace larder::api {
namespace {

struct NamedModel {
    ModelInfo model;
    SharedModelText text;
};

Expected<NamedModel> findText(const PromptServices& services, const std::string& name) {
    Expected<ModelInfo> model = findNamedModel(services.generator, name);
    if (!model) return model.error();
    Expected<SharedModelText> text = services.texts.get(*model);
    if (!text) return text.error();
    return NamedModel{std::move(*model), std::move(*text)};
}

std::string bodyOf(const char* name, base::Json value) {
    base::Json body;
    body[name] = std::move(value);
    return base::dumpJson(body);
}

}  // namespace

Expected<std::string> tokenizeBody(const PromptServices& services, const std::string& body) {
    const Expected<base::Json> json = readBody(body);
    if (!json) return json.error();
    RequestFields fields(*json);
    const auto content = fields.string("content");
    if (!content) fields.complain("content", "is missing");
    const auto name = fields.string("model");
    const bool addSpecial = fields.boolean("add_special").value_or(false);
    const bool parseSpecial = fields.boolean("parse_special").value_or(false);
    if (!fields.ok()) return fields.problem();

    const Expected<NamedModel> named = findText(services, name.value_or(""));
    if (!named) return named.error();
    const text::Tokenizer& tokenizer = *named->text->tokenizer;
    std::vector<TokenId> tokens = parseSpecial ? tokenizer.encodeTrusted(*content) : tokenizer.encode(*content);
    if (addSpecial && tokenizer.addsBos() && tokenizer.bos()) tokens.insert(tokens.begin(), *tokenizer.bos());
    return bodyOf("tokens", base::Json(tokens));
}

Expected<std::string> detokenizeBody(const PromptServices& services, const std::string& body) {
    const Expected<base::Json> json = readBody(body);
    if (!json) return json.error();
    RequestFields fields(*json);
    const base::Json* tokens = fields.array("tokens");
    if (tokens == nullptr) fields.complain("tokens", "is missing");
    const auto name = fields.string("model");
    const bool skipSpecial = fields.boolean("skip_special").value_or(false);
    if (!fields.ok()) return fields.problem();

    const Expected<NamedModel> named = findText(services, name.value_or(""));
    if (!named) return named.error();
    const text::Tokenizer& tokenizer = *named->text->tokenizer;
    std::string bytes;
    for (std::size_t i = 0; i < tokens->size(); ++i) {
        const base::Json& id = (*tokens)[i];
        const std::string where = "tokens[" + std::to_string(i) + "]";
        if (!id.is_number_integer())
            return Error{ErrorCode::InvalidArgument, where + " must be a token id, but is " + describeJson(id)};
        const auto value = id.get<std::int64_t>();
        if (value < 0 || static_cast<std::uint64_t>(value) >= tokenizer.vocabulary())
            return Error{ErrorCode::InvalidArgument, where + " is " + describeJson(id) +
                                                         ", but the model has tokens 0 to " +
                                                         std::to_string(tokenizer.vocabulary() - 1) + "."};
        const auto token = static_cast<TokenId>(value);
        if (!tokenizer.isControl(token))
            bytes += tokenizer.bytes(token);
        else if (!skipSpecial)
            bytes += tokenizer.text(token);
    }
    return bodyOf("content", base::repairUtf8(bytes));
}

Expected<std::string> applyTemplateBody(const PromptServices& services, const std::string& body) {
    const Expected<base::Json> json = readBody(body);
    if (!json) return json.error();
    RequestFields fields(*json);
    ChatMessages chat = readChatMessages(fields);
    const auto name = fields.string("model");
    if (!fields.ok()) return fields.problem();

    const Expected<NamedModel> named = findText(services, name.value_or(""));
    if (!named) return named.error();
    ChatRequest request;
    request.messages = std::move(chat.messages);
    request.tools = std::move(chat.tools);
    request.templateVariables = std::move(chat.templateVariables);
    request.unreadablePart = std::move(chat.unreadablePart);
    const auto segments = renderMessages(named->model, *named->text, request);
    if (!segments) return segments.error();
    std::string prompt;
    for (const text::TextSegment& segment : *segments) prompt += segment.text;
    return bodyOf("prompt", base::repairUtf8(prompt));
}

}  // namespace larder::api
