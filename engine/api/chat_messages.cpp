#include "engine/api/chat_messages.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "engine/api/volatile_lines.h"

namespace larder::api {
namespace {

constexpr std::size_t kIdDigits = 5;  // nine characters in all: what the strictest templates ask for

std::string indexed(std::string_view name, std::size_t index) {
    return std::string(name) + "[" + std::to_string(index) + "]";
}

Error problemAt(const std::string& path, const std::string& sentence) {
    return Error{ErrorCode::InvalidArgument, path + " " + sentence};
}

// One message's parts, joined. Parts of other kinds are left out and named in unreadablePart.
std::string joinParts(RequestFields& fields, const base::Json& parts, const std::string& where,
                      std::string& unreadablePart) {
    std::string text;
    bool first = true;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string part = indexed(where, i);
        if (!parts[i].is_object()) {
            fields.complain(problemAt(part, "must be an object with a type, but is " + describeJson(parts[i])));
            return text;
        }
        RequestFields partFields(parts[i], part + ".");
        const std::string type = partFields.string("type").value_or("");
        const bool isText = type == "text" || type == "input_text" || type == "output_text";
        if (isText || type == "refusal") {
            const std::string_view key = isText ? "text" : "refusal";
            const auto piece = partFields.string(key);
            if (!piece) partFields.complain(key, "is missing");
            if (!std::exchange(first, false)) text += '\n';
            text += piece.value_or("");
        } else if (type.empty()) {
            partFields.complain("type", "is missing");
        } else if (unreadablePart.empty()) {
            unreadablePart = part + " is of type \"" + type.substr(0, 40) + "\"";
        }
        if (!partFields.ok()) fields.complain(partFields.problem());
    }
    return text;
}

bool namesFunction(const base::Json& call) {
    if (!call.is_object() || !call.contains("function")) return false;
    const base::Json& function = call["function"];
    return function.is_object() && function.contains("name") && function["name"].is_string();
}

base::Json canonicalToolCalls(RequestFields& fields, const base::Json& calls, const std::string& where) {
    base::Json result = base::Json::array();
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const std::string call = indexed(where, i);
        if (!namesFunction(calls[i])) {
            fields.complain(problemAt(call, "must be an object with a function that has a name"));
            return result;
        }
        const base::Json& function = calls[i]["function"];
        base::Json canonical{{"id", ""}, {"type", "function"}, {"function", {{"name", function["name"]}}}};
        if (calls[i].contains("id") && calls[i]["id"].is_string()) canonical["id"] = calls[i]["id"];
        const auto arguments = function.find("arguments");
        if (arguments != function.end() && !arguments->is_string() && !arguments->is_object() && !arguments->is_null())
            fields.complain(problemAt(call + ".function.arguments", "must be a string of JSON"));
        const bool none = arguments == function.end() || arguments->is_null() || *arguments == "";
        canonical["function"]["arguments"] = none ? base::Json::object() : canonicalArguments(*arguments);
        result.push_back(std::move(canonical));
    }
    return result;
}

std::string canonicalRole(RequestFields& message) {
    static constexpr std::array kRoles{"system", "developer", "user", "assistant", "tool", "function"};
    const auto role = message.string("role");
    if (!role) {
        message.complain("role", "is missing");
        return {};
    }
    if (std::find(kRoles.begin(), kRoles.end(), *role) == kRoles.end()) {
        message.complain("role",
                         "must be system, developer, user, assistant or tool, but is \"" + role->substr(0, 40) + "\"");
        return {};
    }
    if (*role == "developer") return "system";
    return *role == "function" ? "tool" : *role;
}

base::Json canonicalMessage(RequestFields& fields, const base::Json& message, const std::string& where,
                            std::string& unreadablePart) {
    base::Json result = base::Json::object();
    if (!message.is_object()) {
        fields.complain(where, "must be an object, but is " + describeJson(message));
        return result;
    }
    RequestFields own(message, where + ".");
    const std::string role = canonicalRole(own);
    result["role"] = role;

    const base::Json* content = own.value("content");
    // What a tool found or a model wrote is evidence: nothing of it is dropped.
    const auto kept = [&role](std::string text) { return role == "system" || role == "user" ? withoutVolatileLines(std::move(text)) : text; };
    std::string leftOut;
    if (content != nullptr && content->is_array() && role == "tool")
        result["content"] = toolResultText(joinParts(own, *content, where + ".content", leftOut), leftOut);
    else if (content != nullptr && content->is_array())
        result["content"] = kept(joinParts(own, *content, where + ".content", unreadablePart));
    else if (content != nullptr && content->is_string())
        result["content"] = kept(content->get_ref<const std::string&>());
    else if (content != nullptr)
        own.complain("content", "must be a string or an array of parts, but is " + describeJson(*content));
    else if (role == "assistant")
        result["content"] = "";
    else if (own.ok())
        own.complain("content", "is missing");

    // "reasoning" is what some clients make of it on the way back.
    const auto named = own.string("reasoning_content");
    const auto reasoning = named ? named : own.string("reasoning");
    if (role == "assistant" && reasoning && !reasoning->empty()) result["reasoning_content"] = *reasoning;
    const base::Json* calls = own.array("tool_calls");
    if (role == "assistant" && calls != nullptr && !calls->empty())
        result["tool_calls"] = canonicalToolCalls(own, *calls, where + ".tool_calls");
    for (const char* key : {"tool_call_id", "name"})
        if (const auto value = own.string(key)) result[key] = *value;
    if (!own.ok()) fields.complain(own.problem());
    return result;
}

bool offers(const base::Json& tools, const std::string& name) {
    return std::any_of(tools.begin(), tools.end(),
                       [&](const base::Json& tool) { return namesFunction(tool) && tool["function"]["name"] == name; });
}

ToolChoice readToolChoice(RequestFields& fields, const base::Json* tools) {
    ToolChoice choice;
    choice.parallel = fields.boolean("parallel_tool_calls").value_or(true);
    const base::Json* asked = fields.value("tool_choice");
    if (asked == nullptr) return choice;
    if (namesFunction(*asked)) {
        choice.use = ToolUse::Named;
        choice.name = (*asked)["function"]["name"].get<std::string>();
        if (tools == nullptr || !offers(*tools, choice.name))
            fields.complain("tool_choice", "names the function \"" + choice.name.substr(0, 100) + "\", which is not among the tools");
        return choice;
    }
    const std::string word = asked->is_string() ? asked->get<std::string>() : "";
    if (word == "none") choice.use = ToolUse::None;
    else if (word == "required") choice.use = ToolUse::Required;
    else if (word != "auto")
        fields.complain("tool_choice", "must be \"none\", \"auto\", \"required\" or an object that names a function of the tools");
    if (word == "required" && (tools == nullptr || tools->empty()))
        fields.complain("tool_choice", "is \"required\", but there are no tools");
    return choice;
}

// The tools that are functions, in the client's order and bytes.
std::shared_ptr<base::Json> readTools(RequestFields& fields, const base::Json* tools) {
    fields.refuse("functions", "is not supported: send the functions as tools");
    if (tools == nullptr || tools->empty()) return nullptr;
    for (std::size_t i = 0; i < tools->size(); ++i) {
        const base::Json& tool = (*tools)[i];
        if (!tool.is_object() || !tool.contains("type") || !tool["type"].is_string()) {
            fields.complain(indexed("tools", i), "must be an object with a type");
            return nullptr;
        }
        if (tool["type"] != "function") continue;  // of other kinds the template makes what it can
        if (!namesFunction(tool))
            fields.complain(problemAt(indexed("tools", i) + ".function", "must be an object with a name"));
    }
    return std::make_shared<base::Json>(*tools);
}

std::shared_ptr<base::Json> readTemplateVariables(RequestFields& fields) {
    const base::Json* variables = fields.object("chat_template_kwargs");
    if (variables == nullptr || variables->empty()) return nullptr;
    for (const char* reserved : {"messages", "tools", "add_generation_prompt", "bos_token", "eos_token"})
        if (variables->contains(reserved))
            fields.complain("chat_template_kwargs", std::string("must not set ") + reserved);
    return std::make_shared<base::Json>(*variables);
}

}  // namespace

base::Json canonicalArguments(const base::Json& arguments) {
    if (!arguments.is_string()) return arguments;
    auto parsed = base::parseJson(arguments.get_ref<const std::string&>());
    return parsed.ok() && parsed->is_object() ? std::move(*parsed) : arguments;
}

std::string toolResultText(std::string text, const std::string& unreadablePart) {
    if (unreadablePart.empty()) return text;
    if (!text.empty()) text += '\n';
    return text.append(kUnreadableResult);
}

ChatMessages readChatMessages(RequestFields& fields) {
    ChatMessages result;
    const base::Json* messages = fields.array("messages");
    if (messages == nullptr) {
        fields.complain("messages", "is missing");  // a wrong type has complained already
        return result;
    }
    if (messages->empty()) fields.complain("messages", "must not be empty");
    result.messages = std::make_shared<base::Json>(base::Json::array());
    for (std::size_t i = 0; i < messages->size() && fields.ok(); ++i)
        result.messages->push_back(
            canonicalMessage(fields, (*messages)[i], indexed("messages", i), result.unreadablePart));
    const base::Json* tools = fields.array("tools");
    result.tools = readTools(fields, tools);
    result.toolChoice = readToolChoice(fields, tools);
    result.templateVariables = readTemplateVariables(fields);
    return result;
}

void canonicalIds(base::Json& messages) {
    std::map<std::string, std::string> known;
    const auto rename = [&known](base::Json& id) {
        if (!id.is_string()) return;
        std::string name = std::to_string(known.size());
        name = "call" + std::string(name.size() < kIdDigits ? kIdDigits - name.size() : 0, '0') + name;
        id = known.emplace(id.get<std::string>(), std::move(name)).first->second;
    };
    for (base::Json& message : messages) {
        const auto calls = message.find("tool_calls");
        if (calls != message.end() && calls->is_array())
            for (base::Json& call : *calls)
                if (const auto id = call.find("id"); id != call.end()) rename(*id);
        if (const auto id = message.find("tool_call_id"); id != message.end()) rename(*id);
    }
}

}  // namespace larder::api
