#include "engine/api/chat_messages.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace larder::api {
namespace {

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

// Arguments travel as a string of JSON; templates expect the object itself.
base::Json canonicalArguments(const base::Json& arguments) {
    if (!arguments.is_string()) return arguments;
    auto parsed = base::parseJson(arguments.get_ref<const std::string&>());
    return parsed.ok() && parsed->is_object() ? std::move(*parsed) : arguments;
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
        base::Json copy = calls[i];
        base::Json& function = copy["function"];
        if (function.contains("arguments")) {
            const base::Json& arguments = function["arguments"];
            if (!arguments.is_string() && !arguments.is_object() && !arguments.is_null())
                fields.complain(problemAt(call + ".function.arguments", "must be a string of JSON"));
            function["arguments"] = canonicalArguments(arguments);
        }
        result.push_back(std::move(copy));
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
    (void)own.string("name");
    (void)own.string("tool_call_id");
    result["role"] = role;

    const base::Json* content = own.value("content");
    if (content != nullptr && content->is_array())
        result["content"] = joinParts(own, *content, where + ".content", unreadablePart);
    else if (content != nullptr && content->is_string())
        result["content"] = *content;
    else if (content != nullptr)
        own.complain("content", "must be a string or an array of parts, but is " + describeJson(*content));
    else if (role == "assistant")
        result["content"] = "";
    else if (own.ok())
        own.complain("content", "is missing");

    const base::Json* calls = own.array("tool_calls");
    if (calls != nullptr && !calls->empty())
        result["tool_calls"] = canonicalToolCalls(own, *calls, where + ".tool_calls");
    // Keys are unique already; inserting by key would look through all of them each time.
    auto& entries = result.get_ref<base::Json::object_t&>();
    for (const auto& [key, value] : message.items())
        if (key != "role" && key != "content" && key != "tool_calls" && !value.is_null())
            entries.push_back({key, value});
    if (!own.ok()) fields.complain(own.problem());
    return result;
}

std::shared_ptr<base::Json> readTools(RequestFields& fields) {
    const base::Json* tools = fields.array("tools");
    const base::Json* choice = fields.value("tool_choice");
    bool none = false;
    if (choice != nullptr) {
        const std::string name = choice->is_string() ? choice->get<std::string>() : "";
        none = name == "none";
        if (name == "required" || choice->is_object())
            fields.complain("tool_choice", "can only be \"auto\" or \"none\": forcing a tool call is not supported yet",
                            ErrorCode::Unsupported);
        else if (!none && name != "auto")
            fields.complain("tool_choice", "must be \"auto\" or \"none\"");
    }
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
    return none ? nullptr : std::make_shared<base::Json>(*tools);
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
    result.tools = readTools(fields);
    result.templateVariables = readTemplateVariables(fields);
    return result;
}

}  // namespace larder::api
