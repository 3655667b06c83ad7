#include "engine/text/json_members.h"

#include <nlohmann/json.hpp>
#include <string>

namespace larder::text {

const base::Json* jsonMember(const base::Json* object, std::string_view key) {
    if (object == nullptr || !object->is_object()) return nullptr;
    const auto found = object->find(key);
    return found == object->end() ? nullptr : &*found;
}

std::string_view jsonString(const base::Json* value) {
    const auto* text = value == nullptr ? nullptr : value->get_ptr<const std::string*>();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

const base::Json* toolParameters(const base::Json* tools, std::string_view name) {
    if (tools == nullptr || !tools->is_array()) return nullptr;
    for (const base::Json& tool : *tools)
        if (const base::Json* function = jsonMember(&tool, "function"); function != nullptr && jsonString(jsonMember(function, "name")) == name)
            return jsonMember(function, "parameters");
    return nullptr;
}

}  // namespace larder::text
