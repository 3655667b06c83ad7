#include "engine/text/chat_template.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/text/jinja.h"
#include "engine/text/message_adapter.h"

namespace larder::text {
namespace {

using base::Json;

constexpr std::string_view kNeedle = "pantry shelf 7";
constexpr std::string_view kProbeKey = "jar_label";

const Json& nothing() {
    static const Json value;
    return value;
}

Expected<std::vector<TextSegment>> renderAs(const JinjaTemplate& source, const ChatTemplateInput& input,
                                            const Json& messages) {
    const Json generationPrompt = input.addGenerationPrompt;
    std::vector<JinjaVariable> variables = {
        {"messages", &messages, {}},
        {"tools", input.tools != nullptr ? input.tools : &nothing(), {}},
        {"documents", &nothing(), {}},
        {"add_generation_prompt", &generationPrompt, {}},
        {"bos_token", nullptr, input.bosToken},
        {"eos_token", nullptr, input.eosToken},
    };
    if (input.variables != nullptr && input.variables->is_object()) {
        for (const auto& [name, value] : input.variables->items()) {
            const bool taken = name == "messages" || name == "tools" || name == "bos_token" || name == "eos_token";
            if (!taken) variables.push_back({name, &value, {}});
        }
    }
    return source.render(variables, input.now);
}

// The text of a small conversation; nullopt if the template refuses it.
std::optional<std::string> probe(const JinjaTemplate& source, const Json& messages) {
    ChatTemplateInput input;
    input.bosToken = "<s>";
    input.eosToken = "</s>";
    std::tm newYear{};
    newYear.tm_mday = 1;
    newYear.tm_year = 125;
    input.now = newYear;
    const auto segments = renderAs(source, input, messages);
    if (!segments) return std::nullopt;
    std::string out;
    for (const TextSegment& segment : *segments) out += segment.text;
    return out;
}

bool has(const std::optional<std::string>& text, std::string_view part) {
    return text && text->find(part) != std::string::npos;
}

Json user(Json content) { return {{"role", "user"}, {"content", std::move(content)}}; }

void probeContent(const JinjaTemplate& source, ChatTemplateAbilities& abilities) {
    const auto asText = probe(source, Json::array({user(kNeedle)}));
    const Json part = {{"type", "text"}, {"text", kNeedle}};
    const auto asParts = probe(source, Json::array({user(Json::array({part}))}));
    // A list that is merely printed shows its keys.
    const auto keys = [](const std::optional<std::string>& text) {
        return has(text, "'type'") || has(text, "\"type\"");
    };
    abilities.partsContent = has(asParts, kNeedle) && (!keys(asParts) || keys(asText));
    abilities.textContent = has(asText, kNeedle) || !abilities.partsContent;
}

// A conversation with a tool call in it. Templates that refuse tool results are asked again without.
std::optional<std::string> probeCall(const JinjaTemplate& source, Json arguments, Json content) {
    Json function = {{"name", "find"}, {"arguments", std::move(arguments)}};
    Json call = {{"id", "call00001"}, {"type", "function"}, {"function", std::move(function)}};
    const Json assistant = {
        {"role", "assistant"}, {"content", std::move(content)}, {"tool_calls", Json::array({std::move(call)})}};
    const Json result = {{"role", "tool"}, {"tool_call_id", "call00001"}, {"name", "find"}, {"content", "found"}};
    const Json thanks = {{"role", "assistant"}, {"content", "thanks"}};
    auto text = probe(source, Json::array({user("hello"), assistant, result, thanks, user("good")}));
    return text ? text : probe(source, Json::array({user("hello"), assistant}));
}

void probeCalls(const JinjaTemplate& source, ChatTemplateAbilities& abilities) {
    const Json object = {{kProbeKey, kNeedle}};
    const Json text = object.dump();
    // A dict that is merely printed is Python's repr, which no model was taught.
    const auto shown = [&](const Json& arguments, const Json& content) {
        const auto rendered = probeCall(source, arguments, content);
        return has(rendered, kNeedle) && !has(rendered, "{'" + std::string(kProbeKey) + "'");
    };
    const Json null, empty = "";
    abilities.argumentObjects =
        shown(object, empty) || shown(object, null) || !(shown(text, empty) || shown(text, null));
    const Json& arguments = abilities.argumentObjects ? object : text;
    const bool besideEmpty = shown(arguments, empty);
    const auto withNull = probeCall(source, arguments, null);
    const bool printsNone = has(withNull, "None") && !has(probeCall(source, arguments, empty), "None");
    const bool besideNull = has(withNull, kNeedle);
    abilities.nullContent = withNull && !printsNone && (besideNull || !besideEmpty);
    abilities.callsNeedNull = abilities.nullContent && besideNull && !besideEmpty;
}

}  // namespace

struct ChatTemplate::Inner {
    std::shared_ptr<const JinjaTemplate> source;
    ChatTemplateAbilities abilities;
};

ChatTemplate::ChatTemplate() : m_inner(std::make_unique<Inner>()) {}
ChatTemplate::~ChatTemplate() = default;

Expected<std::shared_ptr<const ChatTemplate>> ChatTemplate::compile(std::string_view source) {
    auto compiled = JinjaTemplate::compile(source);
    if (!compiled) return std::move(compiled).error();
    std::shared_ptr<ChatTemplate> out(new ChatTemplate);
    out->m_inner->source = std::move(*compiled);
    probeContent(*out->m_inner->source, out->m_inner->abilities);
    probeCalls(*out->m_inner->source, out->m_inner->abilities);
    return std::shared_ptr<const ChatTemplate>(std::move(out));
}

Expected<std::vector<TextSegment>> ChatTemplate::render(const ChatTemplateInput& input) const {
    const auto messages = adaptMessages(*input.messages, m_inner->abilities);
    if (!messages) return messages.error();
    return renderAs(*m_inner->source, input, *messages);
}

bool ChatTemplate::usesTools() const { return m_inner->source->mentions("tools"); }

const ChatTemplateAbilities& ChatTemplate::abilities() const { return m_inner->abilities; }

}  // namespace larder::text
