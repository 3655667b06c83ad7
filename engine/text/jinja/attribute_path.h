// The `attribute` argument of filters: "author.name", "0.title", 3, or several with commas. One thread at a time.
#pragma once

#include <vector>

#include "engine/text/jinja/value.h"

namespace larder::text::jinja {

class AttributePath {
public:
    // attribute: a string, a number, none or Missing (the item itself).
    AttributePath(Interpreter& interpreter, const Value& attribute);

    Value of(Interpreter& interpreter, Value item) const;
    // fallback replaces what is undefined on the way; Missing: nothing does.
    Value of(Interpreter& interpreter, Value item, const Value& fallback) const;
    // "a,b": one path each.
    static std::vector<AttributePath> several(Interpreter& interpreter, const Value& attribute);

private:
    std::vector<Value> m_parts;
};

// value in lower case if it is a string.
Value ignoringCase(Interpreter& interpreter, const Value& value);

}  // namespace larder::text::jinja
