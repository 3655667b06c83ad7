// Whether a JSON value is what a schema wants: the definition, written down again, without the compiler. Objects with
// `properties` or `required` are closed, and what describes members without naming a type means an object or an array, as Larder
// promises. Any thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/json.h"

namespace larder::text {

inline bool hasType(const base::Json& value, const std::string& type) {
    if (type == "null") return value.is_null();
    if (type == "boolean") return value.is_boolean();
    if (type == "string") return value.is_string();
    if (type == "array") return value.is_array();
    if (type == "object") return value.is_object();
    if (type == "number") return value.is_number();
    return value.is_number() && value.get<double>() == std::floor(value.get<double>());
}

inline bool isValid(const base::Json& value, const base::Json& schema, const base::Json& root) {
    if (schema.is_boolean()) return schema.get<bool>();
    const auto valid = [&](const base::Json& part, const base::Json& its) { return isValid(part, its, root); };
    if (schema.contains("$ref")) {
        const base::Json::json_pointer at(schema["$ref"].get<std::string>().substr(1));
        if (!valid(value, root.at(at))) return false;
    }
    if (schema.contains("type")) {
        const base::Json types = schema["type"].is_array() ? schema["type"] : base::Json::array({schema["type"]});
        if (std::none_of(types.begin(), types.end(), [&](const base::Json& type) { return hasType(value, type.get<std::string>()); })) return false;
    }
    // Larder's reading: members are described of what has some.
    const bool namesTypes = schema.contains("type");
    const bool describesObject = schema.contains("properties") || schema.contains("required") || schema.contains("additionalProperties");
    if (!namesTypes && !schema.contains("enum") && !schema.contains("const") && (describesObject || schema.contains("items")))
        if (!(describesObject && value.is_object()) && !(schema.contains("items") && value.is_array())) return false;
    if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end()) return false;
    if (schema.contains("const") && value != schema["const"]) return false;
    for (const char* keyword : {"anyOf", "oneOf", "allOf"}) {
        if (!schema.contains(keyword)) continue;
        const base::Json& list = schema[keyword];
        const auto count = std::count_if(list.begin(), list.end(), [&](const base::Json& each) { return valid(value, each); });
        const std::string name = keyword;
        if (name == "anyOf" ? count == 0 : name == "oneOf" ? count != 1 : count != static_cast<std::ptrdiff_t>(list.size())) return false;
    }
    if (value.is_array() && schema.contains("items"))
        for (const base::Json& item : value)
            if (!valid(item, schema["items"])) return false;
    if (!value.is_object()) return true;
    const base::Json none = base::Json::object();
    const base::Json& properties = schema.contains("properties") ? schema["properties"] : none;
    const base::Json required = schema.value("required", base::Json::array());
    for (const base::Json& name : required)
        if (!value.contains(name.get<std::string>())) return false;
    const bool closed = schema.contains("properties") || schema.contains("required");
    for (const auto& [key, member] : value.items()) {
        if (properties.contains(key)) {
            if (!valid(member, properties[key])) return false;
        } else if (closed) {
            if (std::find(required.begin(), required.end(), key) == required.end()) return false;
        } else if (schema.contains("additionalProperties") && !valid(member, schema["additionalProperties"])) {
            return false;
        }
    }
    return true;
}

}  // namespace larder::text
