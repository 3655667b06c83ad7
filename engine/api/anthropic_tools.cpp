#include "engine/api/anthropic_tools.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/log.h"

namespace larder::api {
namespace {

bool isOffered(const std::shared_ptr<base::Json>& tools, std::string_view name) {
    return tools && std::any_of(tools->begin(), tools->end(), [&](const base::Json& tool) { return tool["function"]["name"] == name; });
}

// Of two with the same name the first counts.
void notePlace(AnthropicTools& tools, const base::Json& next) {
    tools.deferredPlaces.emplace(next["function"]["name"].get<std::string>(), tools.deferred ? tools.deferred->size() : 0);
}

void appendOffered(std::shared_ptr<base::Json>& tools, base::Json tool) {
    if (!tools) tools = std::make_shared<base::Json>(base::Json::array());
    tools->push_back(std::move(tool));
}

// Nothing: not to be called here, or a problem of `own`.
std::optional<base::Json> functionOfTool(RequestFields& own) {
    const std::string type = own.string("type").value_or("custom");
    const base::Json* schema = own.object("input_schema");
    if (schema == nullptr && type != "custom") {
        if (own.ok()) base::logDebug("A tool of type " + type.substr(0, 40) + " is left out: it cannot be run here.");
        return std::nullopt;
    }
    base::Json function = base::Json::object();
    const std::string name = own.string("name").value_or("");
    if (name.empty()) own.complain("name:", "Field required");
    function["name"] = name;
    if (auto description = own.string("description")) function["description"] = std::move(*description);
    if (schema == nullptr)
        own.complain("input_schema:", "Field required");
    else
        function["parameters"] = *schema;
    if (const auto strict = own.boolean("strict")) function["strict"] = *strict;
    if (!own.ok()) return std::nullopt;
    return function;
}

void readAnthropicToolList(RequestFields& fields, AnthropicTools& result) {
    const base::Json* tools = fields.array("tools");
    if (tools == nullptr) return;
    for (std::size_t i = 0; i < tools->size() && fields.ok(); ++i) {
        const base::Json& tool = (*tools)[i];
        const std::string where = "tools." + std::to_string(i);
        if (!tool.is_object()) return fields.complain(where, "must be an object, but is " + describeJson(tool));
        RequestFields own(tool, where + ".");
        const bool deferred = own.boolean("defer_loading").value_or(false);
        result.cacheControl |= own.value("cache_control") != nullptr;
        if (auto function = functionOfTool(own)) {
            base::Json entry;
            entry["type"] = "function";
            entry["function"] = std::move(*function);
            if (deferred) notePlace(result, entry);
            appendOffered(deferred ? result.deferred : result.tools, std::move(entry));
        }
        if (!own.ok()) fields.complain(own.problem());
    }
}

void readAnthropicChoice(RequestFields& fields, AnthropicTools& result) {
    const base::Json* choice = fields.object("tool_choice");
    if (choice == nullptr) return;
    RequestFields own(*choice, "tool_choice.");
    const std::string type = own.string("type").value_or("");
    result.choice.parallel = !own.boolean("disable_parallel_tool_use").value_or(false);
    if (type == "none") {
        result.choice.use = ToolUse::None;
    } else if (type == "any") {
        result.choice.use = ToolUse::Required;
        if (!result.tools) own.complain("type", "is \"any\", but the request offers no tool");
    } else if (type == "tool") {
        result.choice.use = ToolUse::Named;
        result.choice.name = own.string("name").value_or("");
        if (!isOffered(result.tools, result.choice.name))
            own.complain("name", "must be one of the tools offered, but is \"" + result.choice.name.substr(0, 100) + "\"");
    } else if (type != "auto") {
        own.complain("type", "must be \"auto\", \"any\", \"tool\" or \"none\"");
    }
    if (!own.ok()) fields.complain(own.problem());
}

}  // namespace

AnthropicTools readAnthropicTools(RequestFields& fields) {
    AnthropicTools result;
    readAnthropicToolList(fields, result);
    readAnthropicChoice(fields, result);
    return result;
}

std::string loadedToolLine(const AnthropicTools& tools, const std::string& name) {
    const auto place = tools.deferredPlaces.find(name);
    return place == tools.deferredPlaces.end() ? name : base::dumpJson((*tools.deferred)[place->second]);
}

}  // namespace larder::api
