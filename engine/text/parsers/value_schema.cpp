#include "engine/text/parsers/value_schema.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/text/json_members.h"

namespace larder::text {
namespace {

using base::Json;

// Schemas come from clients: references may go in circles and branches multiply. No schema in use comes near this.
constexpr int kMaxNodes = 100;

// One step of a JSON pointer (RFC 6901): "~1" is "/", "~0" is "~".
const Json* step(const Json& node, std::string_view name) {
    std::string plain;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool escaped = name[i] == '~' && i + 1 < name.size();
        plain += !escaped ? name[i] : name[++i] == '1' ? '/' : '~';
    }
    if (!node.is_array()) return jsonMember(&node, plain);
    std::size_t index = 0;
    const auto [end, problem] = std::from_chars(plain.data(), plain.data() + plain.size(), index);
    return problem == std::errc() && end == plain.data() + plain.size() && index < node.size() ? &node[index] : nullptr;
}

// What "#/$defs/X" points to; null for what lies elsewhere.
const Json* referred(const Json& root, std::string_view reference) {
    if (!reference.starts_with('#')) return nullptr;
    reference.remove_prefix(1);
    const Json* node = &root;
    while (node != nullptr && reference.starts_with('/')) {
        reference.remove_prefix(1);
        const std::string_view name = reference.substr(0, reference.find('/'));
        reference.remove_prefix(name.size());
        node = step(*node, name);
    }
    return node;
}

// Calls look for the node and all that add to it, until it says true or budget nodes were seen.
template <class Look>
bool walkBranches(const Json& root, const Json& node, int& budget, const Look& look) {
    if (--budget < 0 || !node.is_object()) return false;
    if (look(node)) return true;
    if (const Json* target = referred(root, jsonString(jsonMember(&node, "$ref")));
        target != nullptr && walkBranches(root, *target, budget, look)) {
        return true;
    }
    for (const std::string_view key : {"anyOf", "oneOf", "allOf"}) {
        const Json* branches = jsonMember(&node, key);
        if (branches == nullptr || !branches->is_array()) continue;
        for (const Json& branch : *branches) {
            if (walkBranches(root, branch, budget, look)) return true;
        }
    }
    return false;
}

void addNamedType(std::string_view name, ValueTypes& types) {
    types.string |= name == "string";
    types.number |= name == "number";
    types.integer |= name == "integer";
    types.boolean |= name == "boolean";
    types.null |= name == "null";
    types.object |= name == "object";
    types.array |= name == "array";
}

// The library's words for types are the schema's.
void addTypeOf(const Json& value, ValueTypes& types) { addNamedType(value.type_name(), types); }

void addTypes(const Json& node, ValueTypes& types) {
    const Json* type = jsonMember(&node, "type");
    if (type != nullptr && type->is_array()) {
        for (const Json& name : *type) addNamedType(jsonString(&name), types);
    } else if (type != nullptr) {
        addNamedType(jsonString(type), types);
    } else if (const Json* values = jsonMember(&node, "enum"); values != nullptr && values->is_array()) {
        for (const Json& value : *values) addTypeOf(value, types);
    } else if (const Json* value = jsonMember(&node, "const")) {
        addTypeOf(*value, types);
    } else if (jsonMember(&node, "properties") != nullptr) {
        types.object = true;
    } else if (jsonMember(&node, "items") != nullptr) {
        types.array = true;
    }
}

}  // namespace

ValueTypes ValueSchema::types() const {
    ValueTypes types;
    if (m_node == nullptr) return types;
    int budget = kMaxNodes;
    walkBranches(*m_root, *m_node, budget, [&](const Json& node) {
        addTypes(node, types);
        return false;
    });
    return types;
}

ValueSchema ValueSchema::property(std::string_view name) const {
    if (m_node == nullptr) return {};
    const Json* named = nullptr;
    const Json* other = nullptr;
    int budget = kMaxNodes;
    walkBranches(*m_root, *m_node, budget, [&](const Json& node) {
        if (const Json* properties = jsonMember(&node, "properties")) named = jsonMember(properties, name);
        if (other == nullptr) other = jsonMember(&node, "additionalProperties");
        return named != nullptr;
    });
    return at(named != nullptr ? named : other);
}

ValueSchema ValueSchema::items() const {
    if (m_node == nullptr) return {};
    const Json* items = nullptr;
    int budget = kMaxNodes;
    walkBranches(*m_root, *m_node, budget, [&](const Json& node) {
        items = jsonMember(&node, "items");
        return items != nullptr;
    });
    return at(items);
}

ValueSchema argumentsSchema(const base::Json* tools, std::string_view tool) {
    const Json* parameters = toolParameters(tools, tool);
    return parameters == nullptr ? ValueSchema() : ValueSchema(*parameters);
}

}  // namespace larder::text
