// What a JSON schema says about one value and the values in it, as far as the types of a call's arguments need it:
// type, enum, const, properties, additionalProperties, items, anyOf, oneOf, allOf and $ref into the same document.
// A view: the document outlives it. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/json.h"

namespace larder::text {

struct ValueTypes {
    bool string = false;
    bool number = false;  // with a fraction
    bool integer = false;
    bool boolean = false;
    bool null = false;
    bool object = false;
    bool array = false;

    // The schema says nothing: any value may come.
    bool unknown() const { return !(string || number || integer || boolean || null || object || array); }
};

class ValueSchema {
public:
    ValueSchema() = default;  // says nothing
    // root: a whole document, to which its $ref refer.
    explicit ValueSchema(const base::Json& root) : m_root(&root), m_node(&root) {}

    // All that any branch of anyOf, oneOf and allOf allows.
    ValueTypes types() const;
    ValueSchema property(std::string_view name) const;
    ValueSchema items() const;

private:
    ValueSchema(const base::Json* root, const base::Json* node) : m_root(root), m_node(node) {}
    ValueSchema at(const base::Json* node) const { return node == nullptr ? ValueSchema() : ValueSchema(m_root, node); }

    const base::Json* m_root = nullptr;
    const base::Json* m_node = nullptr;
};

// The schema of the arguments of the tool of that name; tools: an array in OpenAI form, or null.
ValueSchema argumentsSchema(const base::Json* tools, std::string_view tool);

}  // namespace larder::text
