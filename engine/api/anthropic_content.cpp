#include "engine/api/anthropic_content.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "engine/api/chat_messages.h"
#include "engine/api/volatile_lines.h"

namespace larder::api {
namespace {

// More than any window holds. Without an end one large tool, referred to again and again, would take all memory.
constexpr std::size_t kMostLoadedBytes = 16 << 20;

bool isBlankText(std::string_view text) {
    return text.find_first_not_of(" \t\n\r\f\v") == text.npos;
}

void appendText(std::string& text, std::string_view separator, std::string_view piece) {
    if (isBlankText(piece)) return;
    if (!text.empty()) text += separator;
    text += piece;
}

class ContentReader {
public:
    explicit ContentReader(const AnthropicTools& tools) : m_tools(tools) {
        m_result.messages = std::make_shared<base::Json>(base::Json::array());
    }

    void readSystem(RequestFields& fields);
    void readMessages(RequestFields& fields);
    AnthropicContent take() { return std::move(m_result); }

private:
    // Calls use(block, type, path) for each block; a string is one text block.
    template <class Use>
    void eachBlock(RequestFields& owner, const base::Json& content, const std::string& path, Use use);
    // A block of a kind its place has no use for.
    void passOver(const RequestFields& block, const std::string& type, const std::string& path);
    std::string textOf(RequestFields& block);

    void readMessage(RequestFields& own, const std::string& path);
    void readUser(RequestFields& own, const base::Json& content, const std::string& path);
    void readAssistant(RequestFields& own, const base::Json& content, const std::string& path);
    std::string readTexts(RequestFields& own, const base::Json& content, const std::string& path, std::string_view separator);
    void readToolResult(RequestFields& block, const std::string& path);
    base::Json readToolUse(RequestFields& block);
    void addMessage(const char* role, std::string content);

    const AnthropicTools& m_tools;
    std::map<std::string, std::string> m_toolNames;  // by the id of the call
    std::size_t m_loadedBytes = 0;                   // of deferred tools
    AnthropicContent m_result;
};

template <class Use>
void ContentReader::eachBlock(RequestFields& owner, const base::Json& content, const std::string& path, Use use) {
    if (content.is_string()) {
        const base::Json whole{{"type", "text"}, {"text", content}};
        RequestFields block(whole, path + ".");
        return use(block, std::string("text"), path);
    }
    if (!content.is_array())
        return owner.complain(Error{ErrorCode::InvalidArgument,
                                    path + " must be a string or an array of blocks, but is " + describeJson(content)});
    for (std::size_t i = 0; i < content.size() && owner.ok(); ++i) {
        const std::string blockPath = path + "." + std::to_string(i);
        if (!content[i].is_object())
            return owner.complain(Error{ErrorCode::InvalidArgument,
                                        blockPath + " must be an object with a type, but is " + describeJson(content[i])});
        RequestFields block(content[i], blockPath + ".");
        const auto type = block.string("type");
        if (!type) block.complain("type:", "Field required");
        m_result.cacheControl |= block.value("cache_control") != nullptr;
        if (block.ok()) use(block, *type, blockPath);
        if (!block.ok()) owner.complain(block.problem());
    }
}

void ContentReader::passOver(const RequestFields& block, const std::string& type, const std::string& path) {
    if (m_result.unreadablePart.empty() && block.hasAnyOf({"text", "content", "source", "data", "input"}))
        m_result.unreadablePart = path + " is of type \"" + type.substr(0, 40) + "\"";
}

std::string ContentReader::textOf(RequestFields& block) {
    auto text = block.string("text");
    if (!text) block.complain("text:", "Field required");
    return std::move(text).value_or("");
}

void ContentReader::addMessage(const char* role, std::string content) {
    base::Json message;
    message["role"] = role;
    message["content"] = std::move(content);
    m_result.messages->push_back(std::move(message));
}

std::string ContentReader::readTexts(RequestFields& own, const base::Json& content, const std::string& path,
                                     std::string_view separator) {
    std::string text;
    eachBlock(own, content, path, [&](RequestFields& block, const std::string& type, const std::string& blockPath) {
        if (type != "text") return passOver(block, type, blockPath);
        appendText(text, separator, withoutVolatileLines(textOf(block)));
    });
    return text;
}

void ContentReader::readSystem(RequestFields& fields) {
    const base::Json* system = fields.value("system");
    if (system == nullptr) return;
    std::string text = readTexts(fields, *system, "system", "\n\n");
    if (!text.empty()) addMessage("system", std::move(text));
}

void ContentReader::readMessages(RequestFields& fields) {
    const base::Json* messages = fields.array("messages");
    if (messages == nullptr) return fields.complain("messages:", "Field required");
    const std::size_t before = m_result.messages->size();
    for (std::size_t i = 0; i < messages->size() && fields.ok(); ++i) {
        const std::string path = "messages." + std::to_string(i);
        if (!(*messages)[i].is_object())
            return fields.complain(path, "must be an object, but is " + describeJson((*messages)[i]));
        RequestFields own((*messages)[i], path + ".");
        readMessage(own, path);
        if (!own.ok()) fields.complain(own.problem());
    }
    if (m_result.messages->size() == before && m_result.unreadablePart.empty())
        return fields.complain("messages:", "at least one message with content is required");
}

void ContentReader::readMessage(RequestFields& own, const std::string& path) {
    const auto role = own.string("role");
    const base::Json* content = own.value("content");
    if (!role) return own.complain("role:", "Field required");
    if (content == nullptr) return own.complain("content:", "Field required");
    const std::string contentPath = path + ".content";
    if (*role == "user") return readUser(own, *content, contentPath);
    if (*role == "assistant") return readAssistant(own, *content, contentPath);
    if (*role != "system")
        return own.complain("role", "must be user, assistant or system, but is \"" + role->substr(0, 40) + "\"");
    std::string text = readTexts(own, *content, contentPath, "\n");
    if (!text.empty()) addMessage("system", std::move(text));
}

void ContentReader::readUser(RequestFields& own, const base::Json& content, const std::string& path) {
    std::string text;
    const auto endText = [&] {
        if (!text.empty()) addMessage("user", std::exchange(text, {}));
    };
    eachBlock(own, content, path, [&](RequestFields& block, const std::string& type, const std::string& blockPath) {
        if (type == "text") {
            appendText(text, "\n", withoutVolatileLines(textOf(block)));
        } else if (type == "tool_result") {
            endText();
            readToolResult(block, blockPath);
        } else {
            passOver(block, type, blockPath);
        }
    });
    endText();
}

// Deferred tools are shown where they are loaded, so that the list of tools before the conversation stays as it is. What a
// tool gave is kept to the letter, volatile lines too: it may be the file that has them.
void ContentReader::readToolResult(RequestFields& block, const std::string& path) {
    const std::string id = block.string("tool_use_id").value_or("");
    if (id.empty()) block.complain("tool_use_id:", "Field required");
    std::string text;
    std::string loaded;  // adjacent references make one list
    const auto endLoaded = [&] {
        if (!loaded.empty()) appendText(text, "\n", "<tools>\n" + std::exchange(loaded, {}) + "</tools>");
    };
    const std::string unreadableBefore = std::exchange(m_result.unreadablePart, {});
    if (const base::Json* content = block.value("content"))
        eachBlock(block, *content, path + ".content", [&](RequestFields& part, const std::string& type, const std::string& at) {
            if (type == "tool_reference") {
                const auto name = part.string("tool_name");
                if (!name) return part.complain("tool_name:", "Field required");
                const std::string line = loadedToolLine(m_tools, *name);
                m_loadedBytes += line.size();
                if (m_loadedBytes > kMostLoadedBytes)
                    return part.complain("tool_name", "loads a tool once more, and all that are loaded are more than " + std::to_string(kMostLoadedBytes >> 20) + " MB");
                loaded += line + "\n";
                return;
            }
            endLoaded();
            if (type != "text") return passOver(part, type, at);
            appendText(text, "\n", textOf(part));
        });
    endLoaded();
    text = toolResultText(std::move(text), std::exchange(m_result.unreadablePart, unreadableBefore));
    // Clients mark some failures in the text already, and others only beside it.
    if (block.boolean("is_error").value_or(false) && !text.starts_with("<tool_use_error>"))
        text = "<tool_use_error>" + text + "</tool_use_error>";
    addMessage("tool", std::move(text));
    base::Json& message = m_result.messages->back();
    message["tool_call_id"] = id;
    if (const auto name = m_toolNames.find(id); name != m_toolNames.end()) message["name"] = name->second;
}

base::Json ContentReader::readToolUse(RequestFields& block) {
    const std::string id = block.string("id").value_or("");
    const std::string name = block.string("name").value_or("");
    if (id.empty()) block.complain("id:", "Field required");
    if (name.empty()) block.complain("name:", "Field required");
    const base::Json* input = block.object("input");
    m_toolNames[id] = name;
    base::Json call;
    call["id"] = id;
    call["type"] = "function";
    call["function"]["name"] = name;
    call["function"]["arguments"] = input != nullptr ? *input : base::Json::object();
    return call;
}

void ContentReader::readAssistant(RequestFields& own, const base::Json& content, const std::string& path) {
    std::string text;
    std::string reasoning;
    base::Json calls = base::Json::array();
    eachBlock(own, content, path, [&](RequestFields& block, const std::string& type, const std::string& blockPath) {
        if (type == "text")
            appendText(text, "", textOf(block));
        else if (type == "thinking")
            appendText(reasoning, "", block.string("thinking").value_or(""));
        else if (type == "tool_use")
            calls.push_back(readToolUse(block));
        else if (type != "redacted_thinking")
            passOver(block, type, blockPath);
    });
    if (text.empty() && reasoning.empty() && calls.empty()) return;
    addMessage("assistant", std::move(text));
    base::Json& message = m_result.messages->back();
    if (!reasoning.empty()) message["reasoning_content"] = std::move(reasoning);
    if (!calls.empty()) message["tool_calls"] = std::move(calls);
}

}  // namespace

AnthropicContent readAnthropicContent(RequestFields& fields, const AnthropicTools& tools) {
    ContentReader reader(tools);
    reader.readSystem(fields);
    reader.readMessages(fields);
    return reader.take();
}

}  // namespace larder::api
