#include "engine/api/chat_messages.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
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

// What an assistant thought, as some clients send it back: beside the text, as a part of the content.
bool isThought(const base::Json& part) {
    if (!part.is_object()) return false;
    const auto type = part.find("type");
    return type != part.end() && (*type == "thinking" || *type == "reasoning");
}

// A text, or the texts of an array of parts.
std::string thoughtText(const base::Json& thought) {
    if (thought.is_string()) return thought.get<std::string>();
    std::string text;
    if (thought.is_array())
        for (const base::Json& part : thought)
            if (part.is_object() && part.contains("text") && part["text"].is_string()) text += part["text"].get_ref<const std::string&>();
    return text;
}

// From "reasoning_content", as it was sent; else from what clients make of it: "reasoning" where that is a text, or parts.
std::string readReasoning(RequestFields& message) {
    if (const auto named = message.string("reasoning_content"); named && !named->empty()) return *named;
    const base::Json* other = message.value("reasoning");
    if (other != nullptr && other->is_string()) return other->get<std::string>();
    const base::Json* content = message.value("content");
    std::string text;
    if (content == nullptr || !content->is_array()) return text;
    for (const base::Json& part : *content) {
        if (!isThought(part)) continue;
        for (const char* key : {"thinking", "reasoning", "text"})
            if (const auto found = part.find(key); found != part.end()) text += thoughtText(*found);
    }
    return text;
}

// One message's parts, joined. Parts of other kinds are left out and named in unreadablePart.
std::string joinParts(RequestFields& fields, const base::Json& parts, const std::string& where,
                      std::string& unreadablePart, bool mayThink = false) {
    std::string text;
    bool first = true;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string part = indexed(where, i);
        if (mayThink && isThought(parts[i])) continue;
        if (parts[i].is_string()) {
            if (!std::exchange(first, false)) text += '\n';
            text += parts[i].get_ref<const std::string&>();
            continue;
        }
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

std::string readContent(RequestFields& message, const std::string& role, const std::string& where, std::string& unreadablePart) {
    const base::Json* content = message.value("content");
    // What a tool found or a model wrote is evidence: nothing of it is dropped.
    const auto kept = [&role](std::string text) { return role == "system" || role == "user" ? withoutVolatileLines(std::move(text)) : text; };
    std::string leftOut;
    if (content == nullptr) {
        // An answer may be nothing but calls, and a tool may have found nothing.
        if (role != "assistant" && role != "tool" && message.ok()) message.complain("content", "is missing");
        return {};
    }
    if (content->is_string()) return kept(content->get<std::string>());
    if (!content->is_array()) {
        message.complain("content", "must be a string or an array of parts, but is " + describeJson(*content));
        return {};
    }
    if (role == "tool") return toolResultText(joinParts(message, *content, where, leftOut), leftOut);
    return kept(joinParts(message, *content, where, unreadablePart, role == "assistant"));
}

// The calls of an answer. "function_call" is the one that OpenAI's protocol had before there were tools.
base::Json readCalls(RequestFields& message, const std::string& where) {
    const base::Json* calls = message.array("tool_calls");
    if (calls != nullptr && !calls->empty()) return canonicalToolCalls(message, *calls, where + ".tool_calls");
    const base::Json* older = message.object("function_call");
    if (older == nullptr) return {};
    return canonicalToolCalls(message, base::Json::array({{{"function", *older}}}), where + ".function_call");
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
    result["content"] = readContent(own, role, where + ".content", unreadablePart);
    if (role == "assistant") {
        if (std::string reasoning = readReasoning(own); !reasoning.empty()) result["reasoning_content"] = std::move(reasoning);
        if (base::Json calls = readCalls(own, where); !calls.empty()) result["tool_calls"] = std::move(calls);
    }
    for (const char* key : {"tool_call_id", "name"})
        if (const auto value = own.string(key)) result[key] = *value;
    if (!own.ok()) fields.complain(own.problem());
    return result;
}

bool offers(const base::Json& tools, const std::string& name) {
    return std::any_of(tools.begin(), tools.end(),
                       [&](const base::Json& tool) { return namesFunction(tool) && tool["function"]["name"] == name; });
}

// {"type": "function", "function": {"name"}}, or as OpenAI's other protocol and Anthropic's have it, {"type", "name"}.
std::optional<std::string> chosenName(const base::Json& choice) {
    if (namesFunction(choice)) return choice["function"]["name"].get<std::string>();
    const bool named = choice.is_object() && choice.contains("type") && (choice["type"] == "function" || choice["type"] == "tool") &&
                       choice.contains("name") && choice["name"].is_string();
    return named ? std::optional(choice["name"].get<std::string>()) : std::nullopt;
}

// "any" is what "required" is called elsewhere; each word may stand in an object, as its type.
ToolChoice readToolChoice(RequestFields& fields, const base::Json* tools) {
    ToolChoice choice;
    choice.parallel = fields.boolean("parallel_tool_calls").value_or(true);
    const base::Json* asked = fields.value("tool_choice");
    if (asked == nullptr) return choice;
    if (const auto name = chosenName(*asked)) {
        choice.use = ToolUse::Named;
        choice.name = *name;
        if (tools == nullptr || !offers(*tools, choice.name))
            fields.complain("tool_choice", "names the function \"" + choice.name.substr(0, 100) + "\", which is not among the tools");
        return choice;
    }
    const base::Json& value = asked->is_object() && asked->contains("type") ? (*asked)["type"] : *asked;
    const std::string word = value.is_string() ? value.get<std::string>() : "";
    if (word == "none") choice.use = ToolUse::None;
    else if (word == "required" || word == "any") choice.use = ToolUse::Required;
    else if (word != "auto")
        fields.complain("tool_choice", "must be \"none\", \"auto\", \"required\" or an object that names a function of the tools");
    if (choice.use == ToolUse::Required && (tools == nullptr || tools->empty()))
        fields.complain("tool_choice", "is \"" + word + "\", but there are no tools");
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
