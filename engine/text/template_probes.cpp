#include "engine/text/template_probes.h"

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace larder::text {
namespace {

using base::Json;
using Text = std::optional<std::string>;

constexpr std::string_view kNeedle = "pantry shelf 7";
constexpr std::string_view kProbeKey = "jar_label";
constexpr std::string_view kFunction = "find_jar";
constexpr std::string_view kId = "call00001";  // of the length that strict templates want
constexpr std::string_view kResult = "on the left";

bool has(const Text& text, std::string_view part) {
    return text && text->find(part) != std::string::npos;
}

// Whether each part is there, once, in this order.
bool inOrder(const Text& text, std::initializer_list<std::string_view> parts) {
    if (!text) return false;
    std::size_t end = 0;
    for (const std::string_view part : parts) {
        const std::size_t at = text->find(part);
        if (at == std::string::npos || at < end || text->find(part, at + part.size()) != std::string::npos)
            return false;
        end = at + part.size();
    }
    return true;
}

Json message(std::string_view role, Json content) {
    return {{"role", role}, {"content", std::move(content)}};
}

Json callOf(Json arguments, std::string_view id, std::string_view name = kFunction) {
    Json function = {{"name", name}, {"arguments", std::move(arguments)}};
    return {{"id", id}, {"type", "function"}, {"function", std::move(function)}};
}

Json calling(Json content, Json calls) {
    return {{"role", "assistant"}, {"content", std::move(content)}, {"tool_calls", std::move(calls)}};
}

Json resultOf(std::string_view id, std::string_view role = "tool", std::string_view content = kResult) {
    return {{"role", role}, {"tool_call_id", id}, {"name", kFunction}, {"content", content}};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

class Probes {
public:
    explicit Probes(const TemplateProbe& probe) : m_probe(probe) {}

    ChatTemplateAbilities run() {
        content();
        calls();
        callDetails();
        tools();
        results();
        system();
        pairs();
        return m_found;
    }

private:
    Text as(const Json& messages) { return m_probe(messages, nullptr); }

    // With contents in the shape that was found to be understood.
    Text shaped(Json messages, const Json* tools = nullptr) {
        if (m_found.textContent) return m_probe(messages, tools);
        for (Json& message : messages) {
            Json& content = message["content"];
            if (content.is_string()) content = Json::array({{{"type", "text"}, {"text", content}}});
        }
        return m_probe(messages, tools);
    }

    void content() {
        const Text asText = as(Json::array({message("user", kNeedle)}));
        const Json part = {{"type", "text"}, {"text", kNeedle}};
        const Text asParts = as(Json::array({message("user", Json::array({part}))}));
        // A list that is merely printed shows its keys.
        const auto keys = [](const Text& text) { return has(text, "'type'") || has(text, "\"type\""); };
        m_found.partsContent = has(asParts, kNeedle) && (!keys(asParts) || keys(asText));
        m_found.textContent = has(asText, kNeedle) || !m_found.partsContent;
    }

    // A conversation with a tool call in it. Templates that refuse tool results are asked again without.
    Text withCall(Json arguments, Json content) {
        const Json call = calling(std::move(content), Json::array({callOf(std::move(arguments), kId)}));
        Text text = as(Json::array(
            {message("user", "hello"), call, resultOf(kId), message("assistant", "thanks"), message("user", "good")}));
        return text ? text : as(Json::array({message("user", "hello"), call}));
    }

    void calls() {
        const Json object = {{kProbeKey, kNeedle}};
        const Json text = object.dump();
        // A dict that is merely printed is Python's repr, which no model was taught.
        const auto shown = [&](const Json& arguments, const Json& content) {
            const Text rendered = withCall(arguments, content);
            return has(rendered, kNeedle) && !has(rendered, "{'" + std::string(kProbeKey) + "'");
        };
        const Json null, empty = "";
        m_found.argumentObjects =
            shown(object, empty) || shown(object, null) || !(shown(text, empty) || shown(text, null));
        m_arguments = m_found.argumentObjects ? object : text;
        const bool besideEmpty = shown(m_arguments, empty);
        const Text withNull = withCall(m_arguments, null);
        const bool printsNone = has(withNull, "None") && !has(withCall(m_arguments, empty), "None");
        const bool besideNull = has(withNull, kNeedle);
        m_found.nullContent = withNull && !printsNone && (besideNull || !besideEmpty);
        m_found.callsNeedNull = m_found.nullContent && besideNull && !besideEmpty;
        m_found.calls = besideEmpty || m_found.callsNeedNull;
    }

    Json goodCalling(Json calls) { return calling(m_found.callsNeedNull ? Json() : Json(""), std::move(calls)); }
    Json goodCalling() { return goodCalling(Json::array({callOf(m_arguments, kId)})); }

    void callDetails() {
        if (!m_found.calls) return;
        constexpr std::string_view kOther = "call00002";
        const Json user = message("user", "hello"), answer = message("assistant", "thanks");
        if (!shaped(Json::array({user, goodCalling(), resultOf(kId), answer}))) return;
        const Json both = Json::array({callOf(m_arguments, kId), callOf(m_arguments, kOther, "close_lid")});
        m_found.manyCalls =
            has(shaped(Json::array({user, goodCalling(both), resultOf(kId), resultOf(kOther), answer})), "close_lid");
    }

    // A template that prints any role's name and knows neither tools nor calls does not mean the role tool.
    void results() {
        const auto shown = [&](std::string_view role) {
            Json messages = Json::array({message("user", "hello")});
            messages.push_back(m_found.calls ? goodCalling() : message("assistant", "let me see"));
            messages.push_back(resultOf(kId, role));
            messages.push_back(message("assistant", "thanks"));
            return shaped(messages);
        };
        constexpr std::string_view kNoRole = "zebra";
        const Text asTool = shown("tool"), asOther = shown(kNoRole);
        m_found.results = has(asTool, kResult) && (m_found.tools || m_found.calls || !asOther ||
                                                   replaced(*asOther, kNoRole, "tool") != *asTool);
        if (!m_found.results) return;
        const Json start = Json::array(
            {message("user", "hello"), m_found.calls ? goodCalling() : message("assistant", "?"), resultOf(kId)});
        Json user = start, bridged = start;
        user.push_back(message("user", kNeedle));
        bridged.push_back(message("assistant", ""));
        bridged.push_back(message("user", kNeedle));
        m_found.userAfterResult = shaped(user) || !shaped(bridged);
    }

    void system() {
        const Json first = message("system", "rule one"), second = message("system", "rule two");
        const Json user = message("user", "first question"), answer = message("assistant", "some answer");
        const Json next = message("user", "next question"), last = message("assistant", "last answer");
        const Json late = message("system", "rule late"), later = message("system", "rule behind");
        m_found.system = inOrder(shaped(Json::array({first, user})), {"rule one", "first question"}) &&
                         inOrder(shaped(Json::array({first, user, answer, next})),
                                 {"rule one", "first question", "some answer", "next question"});
        m_found.manySystems = m_found.system && inOrder(shaped(Json::array({first, second, user})),
                                                        {"rule one", "rule two", "first question"});
        m_found.lateSystem = m_found.system && lateAfterResult(late) &&
                             inOrder(shaped(Json::array({user, late, answer, next})),
                                     {"first question", "rule late", "some answer", "next question"}) &&
                             inOrder(shaped(Json::array({first, user, answer, late, next, later, last})),
                                     {"rule one", "first question", "some answer", "rule late", "next question",
                                      "rule behind", "last answer"});
    }

    bool lateAfterResult(const Json& late) {
        if (!m_found.results || !m_found.calls) return true;
        return inOrder(shaped(Json::array({message("user", "first question"), goodCalling(), resultOf(kId), late,
                                           message("assistant", "some answer")})),
                       {"first question", kResult, "rule late", "some answer"});
    }

    void tools() {
        const Json label = {{"type", "string"}, {"description", "what it says"}};
        const Json parameters = {{"type", "object"}, {"properties", {{kProbeKey, label}}}, {"required", {kProbeKey}}};
        const Json function = {{"name", kFunction}, {"description", kNeedle}, {"parameters", parameters}};
        const Json list = Json::array({{{"type", "function"}, {"function", function}}});
        const auto shown = [&](const Json& messages) {
            const Text text = shaped(messages, &list);
            return has(text, kFunction) && (has(text, kProbeKey) || has(text, kNeedle));
        };
        const Json user = message("user", "hello"), rule = message("system", "rule one");
        const bool takesSystem = shaped(Json::array({rule, user})).has_value();
        m_found.tools = shown(Json::array({user})) && (!takesSystem || shown(Json::array({rule, user})));
    }

    void pairs() {
        const Json one = message("user", "first question"), two = message("user", "next question");
        const Json answer = message("assistant", "some answer"), more = message("assistant", "last answer");
        if (!shaped(Json::array({one, answer, two}))) return;  // it refuses more than this can tell
        m_found.userPairs = inOrder(shaped(Json::array({one, two})), {"first question", "next question"});
        m_found.assistantPairs =
            inOrder(shaped(Json::array({one, answer, more, two})), {"some answer", "last answer", "next question"});
    }

    const TemplateProbe& m_probe;
    ChatTemplateAbilities m_found;
    Json m_arguments;
};

}  // namespace

ChatTemplateAbilities findAbilities(const TemplateProbe& probe) {
    return Probes(probe).run();
}

}  // namespace larder::text
