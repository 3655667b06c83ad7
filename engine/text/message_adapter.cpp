#include "engine/text/message_adapter.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "engine/text/tool_prompt.h"

namespace larder::text {
namespace {

using base::Json;

Expected<std::string> joinedParts(const Json& parts) {
    std::string out;
    bool first = true;
    for (const Json& part : parts) {
        const Json* text = nullptr;
        if (part.is_string())
            text = &part;
        else if (part.is_object() && part.contains("text") && part["text"].is_string())
            text = &part["text"];
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

bool hasRole(const Json& message, std::string_view role) {
    const auto it = message.find("role");
    return it != message.end() && it->is_string() && it->get_ref<const std::string&>() == role;
}

bool hasCalls(const Json& message) {
    return message.contains("tool_calls");
}

// Calls that are none: templates ask only whether the key is there.
void dropEmptyCalls(Json& message) {
    const auto it = message.find("tool_calls");
    if (it != message.end() && (it->is_null() || (it->is_array() && it->empty()))) message.erase(it);
}

// In place: a client may send a hundred thousand messages that become one.
Expected<void> appendText(Json& message, const std::string& text, std::string_view between) {
    Json& content = message["content"];
    if (!content.is_string()) {
        Expected<std::string> whole = contentText(message);
        if (!whole) return std::move(whole).error();
        content = *std::move(whole);
    }
    auto& joined = content.get_ref<std::string&>();
    if (!joined.empty() && !text.empty()) joined += between;
    joined += text;
    return {};
}

// Makes the conversation message by message. Each step looks back at the last message only.
class Conversation {
public:
    Conversation(const ChatTemplateAbilities& abilities, std::string toolText)
        : m_abilities(abilities),
          m_toolText(std::move(toolText)),
          m_calls(abilities.calls && m_toolText.empty()),
          m_results(abilities.results && m_toolText.empty()) {}

    Expected<void> run(const Json& messages) {
        const auto isSystem = [](const Json& message) { return hasRole(message, "system"); };
        const auto rest = std::find_if_not(messages.begin(), messages.end(), isSystem);
        if (auto done = front(messages.begin(), rest); !done) return done;
        for (auto it = rest; it != messages.end(); ++it) {
            if (auto done = add(*it); !done) return done;
        }
        return {};
    }
    Json take() { return std::move(m_out); }

private:
    static constexpr std::string_view kBetween = "\n\n";

    // The system messages that lead the conversation, and the tools.
    Expected<void> front(Json::const_iterator first, Json::const_iterator last) {
        const auto count = last - first;
        if (count == 0 && m_toolText.empty()) return {};
        const bool joined = !m_abilities.system || (count > 1 && !m_abilities.manySystems);
        Json system = count > 0 ? *first : Json{{"role", "system"}};
        if (!m_toolText.empty()) {
            if (auto done = appendText(system, m_toolText, kBetween); !done) return done;
        }
        if (count > 0) ++first;
        for (; joined && first != last; ++first) {
            const auto text = contentText(*first);
            if (!text) return text.error();
            if (auto done = appendText(system, *text, kBetween); !done) return done;
        }
        if (!m_abilities.system) {
            const auto text = contentText(system);
            return text ? openUser(*text) : text.error();
        }
        m_out.push_back(std::move(system));
        for (; first != last; ++first) m_out.push_back(*first);
        return {};
    }

    Expected<void> add(const Json& message) {
        if (hasRole(message, "system") && !m_abilities.lateSystem) {
            const auto text = contentText(message);
            if (!text) return text.error();
            return text->empty() ? Expected<void>() : reminder(reminderText(*text));
        }
        if (hasRole(message, "tool") && !m_results) return result(message);
        if (hasRole(message, "user")) return user(message);
        if (hasRole(message, "assistant")) return assistant(message);
        push(message);
        return {};
    }

    Expected<void> reminder(const std::string& text) {
        return lastIs("user") ? appendText(m_out.back(), text, kBetween) : openUser(text);
    }

    // A user message that the next one joins.
    Expected<void> openUser(const std::string& text) {
        auto done = user({{"role", "user"}, {"content", text}});
        m_open = true;
        return done;
    }

    Expected<void> result(const Json& message) {
        const auto text = contentText(message);
        if (!text) return text.error();
        if (m_ofResults) return appendText(m_out.back(), resultText(*text), "\n");
        auto done = user({{"role", "user"}, {"content", resultText(*text)}});
        m_ofResults = true;
        return done;
    }

    Expected<void> user(const Json& message) {
        const bool joins = lastIs("user") && (m_open || !m_abilities.userPairs);
        m_open = m_ofResults = false;
        if (joins) {
            const auto text = contentText(message);
            return text ? appendText(m_out.back(), *text, kBetween) : text.error();
        }
        if (lastIs("tool") && !m_abilities.userAfterResult) push({{"role", "assistant"}, {"content", ""}});
        push(message);
        return {};
    }

    Expected<void> assistant(Json message) {
        dropEmptyCalls(message);
        if (hasCalls(message) && !m_calls) {
            const Json calls = std::move(message["tool_calls"]);
            message.erase("tool_calls");
            for (const Json& call : calls) {
                if (auto done = appendText(message, callText(call), "\n"); !done) return done;
            }
        }
        const bool calling = hasCalls(message);
        if (lastIs("assistant") && !m_abilities.assistantPairs && !calling && !hasCalls(m_out.back()))
            return joinAnswers(m_out.back(), message);
        if (calling && !m_abilities.manyCalls && message["tool_calls"].is_array()) {
            pushOneByOne(std::move(message));
            return {};
        }
        push(std::move(message));
        return {};
    }

    static Expected<void> joinAnswers(Json& last, const Json& message) {
        const auto text = contentText(message);
        if (!text) return text.error();
        const auto reasoning = message.find("reasoning_content");
        if (reasoning != message.end() && reasoning->is_string()) {
            Json& before = last["reasoning_content"];
            if (!before.is_string()) before = "";
            auto& joined = before.get_ref<std::string&>();
            if (!joined.empty()) joined += kBetween;
            joined += reasoning->get_ref<const std::string&>();
        }
        return appendText(last, *text, kBetween);
    }

    // The first has all that was said; nothing of it is copied for each of the others.
    void pushOneByOne(Json message) {
        Json calls = std::move(message["tool_calls"]);
        for (Json& call : calls) {
            message["tool_calls"] = Json::array({std::move(call)});
            push(std::exchange(message, {{"role", "assistant"}, {"content", ""}}));
        }
    }

    void push(Json message) {
        m_open = m_ofResults = false;
        m_out.push_back(std::move(message));
    }

    bool lastIs(std::string_view role) const { return !m_out.empty() && hasRole(m_out.back(), role); }

    const ChatTemplateAbilities& m_abilities;
    const std::string m_toolText;  // empty: the template shows the tools, or there are none
    const bool m_calls;            // stay tool_calls
    const bool m_results;          // stay messages of role tool
    Json m_out = Json::array();
    bool m_open = false;       // the last message waits for the user's text
    bool m_ofResults = false;  // the last message holds results and nothing of the user
};

}  // namespace

Expected<std::string> contentText(const Json& message) {
    const auto it = message.find("content");
    if (it == message.end() || it->is_null()) return std::string();
    if (it->is_string()) return it->get<std::string>();
    return it->is_array() ? joinedParts(*it) : base::dumpJson(*it);
}

bool tellsTools(const Json* tools, const ChatTemplateAbilities& abilities) {
    return !abilities.tools && tools != nullptr && tools->is_array() && !tools->empty();
}

Expected<Json> adaptMessages(const Json& messages, const Json* tools, const ChatTemplateAbilities& abilities) {
    if (!messages.is_array()) return Error{ErrorCode::InvalidArgument, "messages must be an array"};
    for (const Json& message : messages)
        if (!message.is_object()) return Error{ErrorCode::InvalidArgument, "every message must be an object"};
    Conversation conversation(abilities, tellsTools(tools, abilities) ? toolSection(*tools) : "");
    if (const auto done = conversation.run(messages); !done) return done.error();
    Json out = conversation.take();
    for (Json& message : out) {
        if (const auto done = adaptContent(message, abilities); !done) return done.error();
        const auto calls = message.find("tool_calls");
        if (calls == message.end() || !calls->is_array()) continue;
        for (Json& call : *calls) adaptArguments(call, abilities);
    }
    return out;
}

}  // namespace larder::text
