#include "engine/api/responses_items.h"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/api/chat_messages.h"
#include "engine/api/responses_reasoning.h"
#include "engine/api/volatile_lines.h"

namespace larder::api {
namespace {

// The name of the text in a part of this type; null: it has none.
const char* textKey(std::string_view type) {
    if (type == "refusal") return "refusal";
    for (const char* known : {"input_text", "output_text", "text", "reasoning_text", "summary_text"})
        if (type == known) return "text";
    return nullptr;
}

class InputReader {
public:
    explicit InputReader(const ResponsesTools& tools) : m_tools(tools) {
        m_result.messages = std::make_shared<base::Json>(base::Json::array());
    }

    ResponsesInput read(RequestFields& fields);

private:
    void readItem(RequestFields& own, const std::string& path);
    void readMessage(RequestFields& own, const std::string& path);
    void readCall(RequestFields& own, bool custom);
    void readCallOutput(RequestFields& own, const std::string& path);
    void readReasoning(RequestFields& own, const std::string& path);
    // A string, or parts joined.
    std::string readText(RequestFields& own, const char* name, const std::string& path, std::string_view separator);

    void addMessage(const char* role, std::string content);
    base::Json& answer();  // the assistant message that the items before this one began, or a new one

    const ResponsesTools& m_tools;
    std::map<std::string, std::string> m_callNames;  // as the model sees them, by the id of the call
    ResponsesInput m_result;
    bool m_answering = false;  // the last message is an assistant's and may go on
};

ResponsesInput InputReader::read(RequestFields& fields) {
    if (const auto instructions = fields.string("instructions"); instructions && !instructions->empty())
        addMessage("system", withoutVolatileLines(*instructions));
    const std::size_t before = m_result.messages->size();
    const base::Json* input = fields.value("input");
    if (input == nullptr) {
        fields.complain("input", "is missing");
    } else if (input->is_string()) {
        addMessage("user", withoutVolatileLines(input->get<std::string>()));
    } else if (!input->is_array()) {
        fields.complain("input", "must be a string or an array of items, but is " + describeJson(*input));
    } else {
        for (std::size_t i = 0; i < input->size() && fields.ok(); ++i) {
            const std::string path = "input[" + std::to_string(i) + "]";
            if (!(*input)[i].is_object()) {
                fields.complain(path, "must be an object, but is " + describeJson((*input)[i]));
                break;
            }
            RequestFields own((*input)[i], path + ".");
            readItem(own, path);
            if (!own.ok()) fields.complain(own.problem());
        }
    }
    if (fields.ok() && m_result.messages->size() == before) fields.complain("input", "must have at least one message");
    return std::move(m_result);
}

void InputReader::readItem(RequestFields& own, const std::string& path) {
    const std::string type = own.string("type").value_or("message");
    if (type == "message") return readMessage(own, path);
    if (type == "reasoning") return readReasoning(own, path);
    if (type == "function_call" || type == "custom_tool_call") return readCall(own, type == "custom_tool_call");
    if (type == "function_call_output" || type == "custom_tool_call_output") return readCallOutput(own, path);
    if (type == "item_reference") return own.complain("type", "is \"item_reference\", but responses are not stored here: send the items themselves");
    if (own.hasAnyOf({"text", "content", "output", "input", "arguments", "result", "results", "tools", "encrypted_content"}))
        own.complain("type", "is \"" + type.substr(0, 40) + "\", which is not supported", ErrorCode::Unsupported);
}

void InputReader::readMessage(RequestFields& own, const std::string& path) {
    const std::string role = own.string("role").value_or("");
    if (own.ok() && role.empty()) return own.complain("role", "is missing");
    if (role == "assistant") {
        const std::string text = readText(own, "content", path, "");
        answer()["content"].get_ref<std::string&>() += text;
        return;
    }
    if (role != "user" && role != "system" && role != "developer")
        return own.complain("role", "must be user, assistant, system or developer, but is \"" + role.substr(0, 40) + "\"");
    addMessage(role == "user" ? "user" : "system", withoutVolatileLines(readText(own, "content", path, "\n")));
}

std::string InputReader::readText(RequestFields& own, const char* name, const std::string& path, std::string_view separator) {
    const base::Json* content = own.value(name);
    std::string text;
    if (content == nullptr) {
        own.complain(name, "is missing");
    } else if (content->is_string()) {
        text = content->get<std::string>();
    } else if (!content->is_array()) {
        own.complain(name, "must be a string or an array of parts, but is " + describeJson(*content));
    } else {
        for (std::size_t i = 0; i < content->size() && own.ok(); ++i) {
            const std::string where = path + "." + name + "[" + std::to_string(i) + "]";
            RequestFields part((*content)[i], where + ".");
            const std::string type = part.string("type").value_or("");
            const char* key = textKey(type);
            if (key == nullptr && type.empty()) part.complain("type", "is missing");
            if (key == nullptr && m_result.unreadablePart.empty()) m_result.unreadablePart = where + " is of type \"" + type.substr(0, 40) + "\"";
            if (key == nullptr) {
                if (!part.ok()) own.complain(part.problem());
                continue;
            }
            const auto piece = part.string(key);
            if (!piece) part.complain(key, "is missing");
            if (i > 0) text += separator;
            text += piece.value_or("");
            if (!part.ok()) own.complain(part.problem());
        }
    }
    return text;
}

void InputReader::readCall(RequestFields& own, bool custom) {
    const std::string id = own.string("call_id").value_or("");
    const std::string name = own.string("name").value_or("");
    if (id.empty()) own.complain("call_id", "is missing");
    if (name.empty()) own.complain("name", "is missing");
    const std::string shown = m_tools.shownName(own.string("namespace").value_or(""), name);
    const std::string written = own.string(custom ? "input" : "arguments").value_or("");
    base::Json function{{"name", shown}};
    if (custom) function["arguments"]["input"] = written;
    else function["arguments"] = written.empty() ? base::Json::object() : canonicalArguments(written);
    m_callNames[id] = shown;
    base::Json call{{"id", id}, {"type", "function"}};
    call["function"] = std::move(function);
    answer()["tool_calls"].push_back(std::move(call));
}

// What a tool gave is kept to the letter, volatile lines too: it may be the file that has them.
void InputReader::readCallOutput(RequestFields& own, const std::string& path) {
    const std::string id = own.string("call_id").value_or("");
    if (id.empty()) own.complain("call_id", "is missing");
    const std::string unreadableBefore = std::exchange(m_result.unreadablePart, {});
    std::string text = readText(own, "output", path, "\n");
    addMessage("tool", toolResultText(std::move(text), std::exchange(m_result.unreadablePart, unreadableBefore)));
    base::Json& message = m_result.messages->back();
    message["tool_call_id"] = id;
    if (const auto name = m_callNames.find(id); name != m_callNames.end()) message["name"] = name->second;
}

void InputReader::readReasoning(RequestFields& own, const std::string& path) {
    std::string text;
    const auto sealed = own.string("encrypted_content");
    if (const base::Json* content = own.value("content"); content != nullptr && !content->empty())
        text = readText(own, "content", path, "");
    else if (auto opened = sealed ? openedReasoning(*sealed) : std::nullopt)
        text = std::move(*opened);
    else if (!sealed && own.value("summary") != nullptr)
        text = readText(own, "summary", path, "\n\n");
    if (text.empty()) return;
    base::Json& reasoning = answer()["reasoning_content"];
    if (reasoning.is_null()) reasoning = "";
    reasoning.get_ref<std::string&>() += text;
}

void InputReader::addMessage(const char* role, std::string content) {
    base::Json message{{"role", role}};
    message["content"] = std::move(content);
    m_result.messages->push_back(std::move(message));
    m_answering = false;
}

base::Json& InputReader::answer() {
    if (!m_answering) addMessage("assistant", "");
    m_answering = true;
    return m_result.messages->back();
}

}  // namespace

ResponsesInput readResponsesInput(RequestFields& fields, const ResponsesTools& tools) {
    return InputReader(tools).read(fields);
}

}  // namespace larder::api
