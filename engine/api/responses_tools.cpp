#include "engine/api/responses_tools.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/log.h"

namespace larder::api {
namespace {

std::string qualifiedName(const std::string& space, const std::string& name) {
    return space + (space.ends_with("__") ? "" : "__") + name;
}

class ResponsesToolReader {
public:
    ResponsesTools read(RequestFields& fields) {
        if (const base::Json* tools = fields.array("tools")) readList(fields, *tools, "tools", {});
        readChoice(fields);
        return std::move(m_result);
    }

private:
    void readList(RequestFields& owner, const base::Json& tools, const std::string& path, const std::string& space);
    void readTool(RequestFields& own, const std::string& path, const std::string& space);
    void readFunction(RequestFields& own, const std::string& space);
    void readCustom(RequestFields& own, const std::string& space);
    void offer(RequestFields& own, base::Json function, ResponsesTool tool);
    void readChoice(RequestFields& fields);
    void readChoiceObject(RequestFields& own);

    ResponsesTools m_result;
};

void ResponsesToolReader::readList(RequestFields& owner, const base::Json& tools, const std::string& path, const std::string& space) {
    for (std::size_t i = 0; i < tools.size() && owner.ok(); ++i) {
        const std::string where = path + "[" + std::to_string(i) + "]";
        if (!tools[i].is_object())
            return owner.complain(Error{ErrorCode::InvalidArgument, where + " must be an object, but is " + describeJson(tools[i])});
        RequestFields own(tools[i], where + ".");
        readTool(own, where, space);
        if (!own.ok()) owner.complain(own.problem());
    }
}

void ResponsesToolReader::readTool(RequestFields& own, const std::string& path, const std::string& space) {
    const std::string type = own.string("type").value_or("");
    if (type == "function") return readFunction(own, space);
    if (type == "custom") return readCustom(own, space);
    if (type == "namespace" && space.empty()) {
        const std::string name = own.string("name").value_or("");
        if (name.empty()) own.complain("name", "is missing");
        if (const base::Json* tools = own.array("tools")) readList(own, *tools, path + ".tools", name);
    } else if (type.empty()) {
        own.complain("type", "is missing");
    } else {
        base::logDebug("A tool of type " + type.substr(0, 40) + " is left out: it cannot be run here.");
    }
}

void ResponsesToolReader::readFunction(RequestFields& own, const std::string& space) {
    base::Json function{{"name", ""}};
    if (auto description = own.string("description")) function["description"] = std::move(*description);
    const base::Json* schema = own.object("parameters");
    function["parameters"] = schema != nullptr ? *schema : base::Json{{"type", "object"}, {"properties", base::Json::object()}};
    if (const auto strict = own.boolean("strict")) function["strict"] = *strict;
    offer(own, std::move(function), {own.string("name").value_or(""), space, false});
}

// The grammar says how the input must be written; the answer is not kept to it.
void ResponsesToolReader::readCustom(RequestFields& own, const std::string& space) {
    std::string description = own.string("description").value_or("");
    if (const base::Json* format = own.object("format")) {
        RequestFields grammar(*format, "format.");
        const auto definition = grammar.string("definition");
        if (definition && !definition->empty())
            description += (description.empty() ? "" : "\n\n") + std::string("The input follows this grammar (") +
                           grammar.string("syntax").value_or("lark") + "):\n" + *definition;
        if (!grammar.ok()) own.complain(grammar.problem());
    }
    base::Json schema{{"type", "object"}};
    schema["properties"]["input"]["type"] = "string";
    schema["required"] = base::Json::array({"input"});
    schema["additionalProperties"] = false;
    base::Json function{{"name", ""}};
    if (!description.empty()) function["description"] = std::move(description);
    function["parameters"] = std::move(schema);
    offer(own, std::move(function), {own.string("name").value_or(""), space, true});
}

void ResponsesToolReader::offer(RequestFields& own, base::Json function, ResponsesTool tool) {
    if (tool.name.empty()) return own.complain("name", "is missing");
    std::string shown = tool.name;
    if (m_result.known.contains(shown) && !tool.space.empty()) shown = qualifiedName(tool.space, tool.name);
    if (m_result.known.contains(shown)) return own.complain("name", "is that of another tool too: \"" + shown.substr(0, 100) + "\"");
    function["name"] = shown;
    m_result.known.emplace(std::move(shown), std::move(tool));
    if (!m_result.tools) m_result.tools = std::make_shared<base::Json>(base::Json::array());
    base::Json entry{{"type", "function"}};
    entry["function"] = std::move(function);
    m_result.tools->push_back(std::move(entry));
}

void ResponsesToolReader::readChoice(RequestFields& fields) {
    ToolChoice& choice = m_result.choice;
    choice.parallel = fields.boolean("parallel_tool_calls").value_or(true);
    const base::Json* asked = fields.value("tool_choice");
    if (asked == nullptr) return;
    if (asked->is_object()) {
        RequestFields own(*asked, "tool_choice.");
        readChoiceObject(own);
        if (!own.ok()) fields.complain(own.problem());
        return;
    }
    const std::string word = asked->is_string() ? asked->get<std::string>() : "";
    if (word == "none") choice.use = ToolUse::None;
    else if (word == "required") choice.use = ToolUse::Required;
    else if (word != "auto") fields.complain("tool_choice", "must be \"none\", \"auto\", \"required\" or an object that names one of the tools");
    if (word == "required" && !m_result.tools) fields.complain("tool_choice", "is \"required\", but there are no tools that can be called here");
}

void ResponsesToolReader::readChoiceObject(RequestFields& own) {
    const std::string type = own.string("type").value_or("");
    if (type != "function" && type != "custom") return own.complain("type", "must be \"function\" or \"custom\"");
    ToolChoice& choice = m_result.choice;
    choice.use = ToolUse::Named;
    choice.name = m_result.shownName(own.string("namespace").value_or(""), own.string("name").value_or(""));
    if (!m_result.known.contains(choice.name))
        own.complain("name", "must be that of one of the tools, but is \"" + choice.name.substr(0, 100) + "\"");
}

}  // namespace

std::string ResponsesTools::shownName(const std::string& space, const std::string& name) const {
    if (space.empty()) return name;
    std::string qualified = qualifiedName(space, name);
    return known.contains(qualified) ? qualified : name;
}

ResponsesTools readResponsesTools(RequestFields& fields) {
    return ResponsesToolReader().read(fields);
}

}  // namespace larder::api
