#include "engine/text/jinja/attribute_path.h"

#include <algorithm>
#include <charconv>

#include "engine/text/jinja/case_mapping.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/text_operations.h"

namespace larder::text::jinja {

AttributePath::AttributePath(Interpreter& interpreter, const Value& attribute) {
    if (attribute.missing() || attribute.isNone()) return;
    if (!attribute.isString()) {
        m_parts.push_back(attribute);
        return;
    }
    for (const Text& part : splitAt(interpreter.budget(), attribute.text(), ".", -1)) {
        const std::string& name = part.bytes();
        std::int64_t number = 0;
        const auto result = std::from_chars(name.data(), name.data() + name.size(), number);
        const bool digits =
            !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (digits && result.ec == std::errc()) m_parts.push_back(Value::integer(number));
        else m_parts.push_back(makeText(interpreter.budget(), part));
    }
}

Value AttributePath::of(Interpreter& interpreter, Value item) const { return of(interpreter, std::move(item), {}); }

Value AttributePath::of(Interpreter& interpreter, Value item, const Value& fallback) const {
    for (const Value& part : m_parts) {
        item = interpreter.item(item, part);
        if (item.undefined() && !fallback.missing() && !fallback.isNone()) item = fallback;
    }
    return item;
}

std::vector<AttributePath> AttributePath::several(Interpreter& interpreter, const Value& attribute) {
    std::vector<AttributePath> out;
    if (!attribute.isString()) {
        out.emplace_back(interpreter, attribute);
        return out;
    }
    for (Text& part : splitAt(interpreter.budget(), attribute.text(), ",", -1)) {
        out.emplace_back(interpreter, makeText(interpreter.budget(), std::move(part)));
    }
    return out;
}

Value ignoringCase(Interpreter& interpreter, const Value& value) {
    if (!value.isString()) return value;
    return makeText(interpreter.budget(), Text(lowerCase(value.bytes()), value.text().trusted()));
}

}  // namespace larder::text::jinja
