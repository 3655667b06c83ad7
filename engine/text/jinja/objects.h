// What values point to beside strings, lists and dicts: undefined, namespaces, ranges, views, iterators, functions.
// One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/jinja/value.h"

namespace larder::text::jinja {

// Prints as nothing; says what was missing when something is done with it.
struct UndefinedObject : Object {
    std::string message;
};

struct NamespaceObject : Object {
    std::shared_ptr<DictObject> attributes;
};

struct RangeObject : Object {
    std::int64_t start = 0, stop = 0, step = 1, length = 0;
};

enum class ViewOf { Keys, Values, Items };
struct ViewObject : Object {
    Value dict;
    ViewOf what = ViewOf::Keys;
};

// Used up by iterating over it, as Python's generators are.
struct IteratorObject : Object {
    using Next = std::function<bool(Value&)>;  // false at the end
    Next next;
    std::string type = "generator";
};

struct Arguments {
    std::vector<Value> positional;
    std::vector<std::pair<std::string, Value>> named;
};

struct CallableObject : Object {
    virtual Value call(Interpreter& interpreter, Arguments arguments) = 0;
    virtual std::string repr() const = 0;
    virtual std::string_view typeName() const = 0;
    // Attributes beyond methods (a macro's name); Missing if there is none.
    virtual Value attribute(Interpreter&, std::string_view) const { return {}; }
};

Value makeUndefined(std::string message);
Value makeIterator(IteratorObject::Next next, unsigned depth, std::string type = "generator");

}  // namespace larder::text::jinja
