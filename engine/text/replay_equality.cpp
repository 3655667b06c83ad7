#include "engine/text/replay_equality.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/text/json_members.h"

namespace larder::text {
namespace {

using base::Json;

bool isSameValue(const Json& a, const Json& b, const Json* schema);

std::string_view stripped(std::string_view text) {
    constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
    const std::size_t first = text.find_first_not_of(kWhiteSpace);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

bool isRequired(const Json* schema, std::string_view key) {
    const Json* required = jsonMember(schema, "required");
    return required != nullptr && required->is_array() &&
           std::any_of(required->begin(), required->end(), [&](const Json& each) { return jsonString(&each) == key; });
}

bool isEmptyValue(const Json& value) {
    if (value.is_boolean()) return !value.get<bool>();
    if (value.is_string()) return value.get_ref<const std::string&>().empty();
    return value.is_null() || (value.is_structured() && value.empty());
}

// Whether an argument that only one side has says nothing.
bool mayBeAbsent(std::string_view key, const Json& value, const Json* schema) {
    const Json* properties = jsonMember(schema, "properties");
    const Json* property = jsonMember(properties, key);
    if (const Json* standard = jsonMember(property, "default"); standard != nullptr && isSameValue(value, *standard, property)) return true;
    if (isRequired(schema, key)) return false;
    const bool unknown = properties != nullptr && property == nullptr;
    return unknown || isEmptyValue(value);
}

// Nothing that only this one of two objects has says anything.
bool addsNothing(const Json& object, const Json& other, const Json* schema) {
    for (const auto& [key, value] : object.items())
        if (jsonMember(&other, key) == nullptr && !mayBeAbsent(key, value, schema)) return false;
    return true;
}

bool isSameObject(const Json& a, const Json& b, const Json* schema) {
    const Json* properties = jsonMember(schema, "properties");
    for (const auto& [key, value] : a.items()) {
        const Json* other = jsonMember(&b, key);
        if (other != nullptr && !isSameValue(value, *other, jsonMember(properties, key))) return false;
    }
    return addsNothing(a, b, schema) && addsNothing(b, a, schema);
}

bool isSameArray(const Json& a, const Json& b, const Json* schema) {
    const Json* items = jsonMember(schema, "items");
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](const Json& left, const Json& right) { return isSameValue(left, right, items); });
}

// The text is what the other one is as JSON.
bool isSameText(const std::string& text, const Json& other, const Json* schema) {
    const auto parsed = base::parseJson(text);
    return parsed && !parsed->is_string() && isSameValue(*parsed, other, schema);
}

bool isSameValue(const Json& a, const Json& b, const Json* schema) {
    if (a == b) return true;
    if (a.is_object() && b.is_object()) return isSameObject(a, b, schema);
    if (a.is_array() && b.is_array()) return isSameArray(a, b, schema);
    if (a.is_string() == b.is_string()) return false;
    return a.is_string() ? isSameText(a.get_ref<const std::string&>(), b, schema)
                         : isSameText(b.get_ref<const std::string&>(), a, schema);
}

const Json* functionOf(const Json& call) { return jsonMember(&call, "function"); }

bool isSameCall(const Json& a, const Json& b, const Json* tools) {
    if (callId(a) != callId(b) || callName(a) != callName(b)) return false;
    static const Json kNone;
    const auto argumentsOf = [](const Json& call) -> const Json& {
        const Json* arguments = jsonMember(functionOf(call), "arguments");
        return arguments != nullptr ? *arguments : kNone;
    };
    return isSameValue(argumentsOf(a), argumentsOf(b), toolParameters(tools, callName(a)));
}

}  // namespace

std::string_view trimmedText(const Json& message, const char* key) { return stripped(jsonString(jsonMember(&message, key))); }

const Json& toolCallsOf(const Json& message) {
    static const Json kNone = Json::array();
    const Json* calls = jsonMember(&message, "tool_calls");
    return calls != nullptr && calls->is_array() ? *calls : kNone;
}

std::string_view callId(const Json& call) { return jsonString(jsonMember(&call, "id")); }
std::string_view callName(const Json& call) { return jsonString(jsonMember(functionOf(call), "name")); }

bool isSameAnswer(const Json& echoed, const Json& sent, const Json* tools) {
    if (trimmedText(echoed, "content") != trimmedText(sent, "content")) return false;
    const std::string_view reasoning = trimmedText(echoed, "reasoning_content");
    if (!reasoning.empty() && reasoning != trimmedText(sent, "reasoning_content")) return false;
    const Json &echoedCalls = toolCallsOf(echoed), &sentCalls = toolCallsOf(sent);
    return std::equal(echoedCalls.begin(), echoedCalls.end(), sentCalls.begin(), sentCalls.end(),
                      [&](const Json& a, const Json& b) { return isSameCall(a, b, tools); });
}

}  // namespace larder::text
