#include "engine/text/chat_template.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "engine/text/jinja.h"
#include "engine/text/message_adapter.h"
#include "engine/text/template_probes.h"

namespace larder::text {
namespace {

using base::Json;

const Json& nothing() {
    static const Json value;
    return value;
}

Expected<std::vector<TextSegment>> renderAs(const JinjaTemplate& source, const ChatTemplateInput& input,
                                            const Json& messages, const Json* tools, JinjaEffort effort) {
    const Json generationPrompt = input.addGenerationPrompt;
    const Json thinking = input.thinking.value_or(false);
    std::vector<JinjaVariable> variables = {
        {"messages", &messages, {}},
        {"tools", tools != nullptr ? tools : &nothing(), {}},
        {"documents", &nothing(), {}},
        {"add_generation_prompt", &generationPrompt, {}},
        {"bos_token", nullptr, input.bosToken},
        {"eos_token", nullptr, input.eosToken},
    };
    const bool hasMore = input.variables != nullptr && input.variables->is_object();
    for (const char* name : {"enable_thinking", "thinking"}) {
        const bool isSet = hasMore && input.variables->contains(name);
        if (input.thinking && !isSet && source.mentions(name)) variables.push_back({name, &thinking, {}});
    }
    if (hasMore) {
        for (const auto& [name, value] : input.variables->items()) {
            const bool taken = name == "messages" || name == "tools" || name == "bos_token" || name == "eos_token";
            if (!taken) variables.push_back({name, &value, {}});
        }
    }
    return source.render(variables, input.now, effort);
}

std::string textOf(std::span<const TextSegment> segments) {
    std::string out;
    for (const TextSegment& segment : segments) out += segment.text;
    return out;
}

std::optional<std::string> probe(const JinjaTemplate& source, const Json& messages, const Json* tools) {
    ChatTemplateInput input;
    input.bosToken = "<s>";
    input.eosToken = "</s>";
    std::tm newYear{};
    newYear.tm_mday = 1;
    newYear.tm_year = 125;
    input.now = newYear;
    const auto segments = renderAs(source, input, messages, tools, JinjaEffort::Trial);
    if (!segments) return std::nullopt;
    return textOf(*segments);
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
    out->m_inner->abilities = findAbilities([&](const Json& messages, const Json* tools) {
        return probe(*out->m_inner->source, messages, tools);
    });
    return std::shared_ptr<const ChatTemplate>(std::move(out));
}

Expected<std::vector<TextSegment>> ChatTemplate::render(const ChatTemplateInput& input) const {
    const ChatTemplateAbilities& abilities = m_inner->abilities;
    const auto messages = adaptMessages(*input.messages, input.tools, abilities);
    if (!messages) return messages.error();
    return renderAs(*m_inner->source, input, *messages, tellsTools(input.tools, abilities) ? nullptr : input.tools,
                    JinjaEffort::Full);
}

bool ChatTemplate::usesTools() const { return m_inner->source->mentions("tools"); }

const ChatTemplateAbilities& ChatTemplate::abilities() const { return m_inner->abilities; }

std::size_t sharedPrefixBytes(const ChatTemplate& chatTemplate, const ChatTemplateInput& input,
                              std::span<const TextSegment> rendered) {
    Json messages = Json::array();
    std::string text;  // of the first message that is no system message
    for (const Json& message : *input.messages) {
        const auto role = message.find("role");
        if (role == message.end() || *role != "system") {
            const auto content = contentText(message);
            if (content) text = *content;
            break;
        }
        messages.push_back(message);
    }
    // Another text must begin with another character.
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool startsSo = first != std::string::npos && text[first] == 'A';
    messages.push_back({{"role", "user"}, {"content", startsSo ? "Some other text" : "Another text"}});
    ChatTemplateInput other = input;
    other.messages = &messages;
    other.addGenerationPrompt = false;
    const auto others = chatTemplate.render(other);
    if (!others) return 0;
    const std::string here = textOf(rendered), there = textOf(*others);
    return static_cast<std::size_t>(std::ranges::mismatch(here, there).in1 - here.begin());
}

}  // namespace larder::text
