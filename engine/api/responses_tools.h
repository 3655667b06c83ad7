// Tools of the Responses protocol in OpenAI chat form, in the client's order and with its schemas as they are:
// - a function {name, description, parameters, strict} becomes {type: "function", function: {...}};
// - the functions within a namespace likewise, under their own names, which are those that clients' instructions speak of; one
//   whose name is taken becomes "<namespace>__<name>";
// - a custom tool, whose input is free text, becomes a function with the one string argument "input";
// - tools that OpenAI's servers run themselves (web_search, ...) cannot be called here and are left out.
// A call goes back under the names that the client gave. Any thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/api/chat_request.h"
#include "engine/api/request_fields.h"
#include "engine/base/json.h"

namespace larder::api {

// As the client knows it.
struct ResponsesTool {
    std::string name;
    std::string space;  // its namespace, or empty
    bool custom = false;
};

struct ResponsesTools {
    std::shared_ptr<base::Json> tools;           // array, or null: none
    std::map<std::string, ResponsesTool> known;  // by the names that the model sees
    ToolChoice choice;

    // What the model sees of the tool that the client calls so, offered or not.
    std::string shownName(const std::string& space, const std::string& name) const;
};

// Reads tools, tool_choice and parallel_tool_calls; what is wrong becomes fields' problem.
ResponsesTools readResponsesTools(RequestFields& fields);

}  // namespace larder::api
