#include "engine/text/tool_prompt.h"

#include <nlohmann/json.hpp>

namespace larder::text {
namespace {

using base::Json;

std::string argumentsText(const Json& function) {
    const auto arguments = function.find("arguments");
    if (arguments == function.end() || arguments->is_null()) return "{}";
    if (arguments->is_string()) {
        const auto& text = arguments->get_ref<const std::string&>();
        const Expected<Json> parsed = base::parseJson(text);
        if (parsed && parsed->is_object()) return text;
    }
    return base::dumpJson(*arguments);
}

}  // namespace

std::string toolSection(const Json& tools) {
    std::string out =
        "# Tools\n\n"
        "You can call functions to help with the request. They are listed in <tools></tools>, each as a JSON object on "
        "a "
        "line of its own:\n<tools>\n";
    for (const Json& tool : tools) out += base::dumpJson(tool) + "\n";
    out +=
        "</tools>\n\n"
        "To call a function, answer with its name and arguments as a JSON object in <tool_call></tool_call>, once for "
        "every call:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>\n"
        "What it returns is then given to you in <tool_response></tool_response>.";
    return out;
}

std::string callText(const Json& call) {
    const bool nested = call.is_object() && call.contains("function") && call["function"].is_object();
    const Json& function = nested ? call["function"] : call;
    const auto name = function.is_object() ? function.find("name") : function.end();
    std::string out = "<tool_call>\n{\"name\": ";
    out += name == function.end() ? "\"\"" : base::dumpJson(*name);
    out += ", \"arguments\": " + (function.is_object() ? argumentsText(function) : "{}");
    return out + "}\n</tool_call>";
}

std::string resultText(std::string_view content) {
    return "<tool_response>\n" + std::string(content) + "\n</tool_response>";
}

std::string reminderText(std::string_view content) {
    return "<system-reminder>\n" + std::string(content) + "\n</system-reminder>";
}

}  // namespace larder::text
