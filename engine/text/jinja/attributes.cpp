#include <string>

#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/loop.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {
namespace {

// How jinja2 names an object in "... has no attribute ...".
std::string describe(const Value& object) {
    switch (object.kind()) {
        case Kind::None: return "None";
        case Kind::Namespace: return "jinja2.utils.Namespace object";
        case Kind::Loop: return "jinja2.runtime.LoopContext object";
        case Kind::Callable:
            if (typeName(object) == "Macro") return "jinja2.runtime.Macro object";
            break;
        case Kind::String:
            if (object.string().markup) return "markupsafe.Markup object";
            break;
        default: break;
    }
    return typeName(object) + " object";
}

Value noAttribute(const Value& object, const std::string& name) {
    return makeUndefined(quotedRepr(describe(object)) + " has no attribute " + shownName(name));
}

Value unsafe(const Value& object, const std::string& name) {
    return makeUndefined("access to attribute " + shownName(name) + " of " + quotedRepr(typeName(object)) +
                         " object is unsafe.");
}

// Python's getattr through the sandbox; Missing when there is no such attribute.
Value builtinAttribute(Interpreter& interpreter, const Value& object, const std::string& name) {
    Value found;
    if (name.starts_with("__")) {
        for (const char* internal :
             {"__class__", "__dict__", "__doc__", "__init__", "__module__", "__len__", "__iter__", "__getitem__",
              "__add__", "__eq__", "__contains__", "__call__", "__globals__", "__subclasses__", "__base__", "__bases__",
              "__mro__", "__str__", "__repr__"}) {
            if (name == internal) return unsafe(object, name);
        }
    }
    if (object.is(Kind::Namespace)) {
        if (const Value* value = object.as<NamespaceObject>().attributes->find(name)) found = *value;
    } else if (object.is(Kind::Loop)) {
        auto& loop = object.as<LoopObject>();
        found = loop.attribute(interpreter, loop.shared_from_this(), name);
    } else if (object.is(Kind::Callable)) {
        found = object.as<CallableObject>().attribute(interpreter, name);
    } else if (object.is(Kind::Tuple) && object.as<ListObject>().group && (name == "grouper" || name == "list")) {
        return object.items()[name == "list" ? 1 : 0];
    } else if (isMutating(object, name)) {
        return unsafe(object, name);
    } else if (const Method method = findMethod(object, name)) {
        return boundMethod(interpreter, object, name, method);
    }
    if (!found.missing() && name.starts_with("_")) return unsafe(object, name);
    return found;
}

// Python's object[key] for keys that are no slices; Missing where Python raises TypeError, KeyError or IndexError.
Value builtinItem(Interpreter& interpreter, const Value& object, const Value& key) {
    if (object.is(Kind::Dict)) {
        if (key.is(Kind::List) || key.is(Kind::Dict)) return {};
        interpreter.budget().steps(1);
        const Value* value = object.dict().find(key);
        return value != nullptr ? *value : Value();
    }
    if (!key.isIntegral()) return {};
    const bool indexed = object.isString() || object.is(Kind::List) || object.is(Kind::Tuple) || object.is(Kind::Range);
    if (!indexed) return {};
    const std::int64_t count = requiredLength(object);
    std::int64_t at = key.integer();
    if (at < 0) at += count;
    if (at < 0 || at >= count) return {};
    const auto index = static_cast<std::size_t>(at);
    if (object.is(Kind::Range)) return Value::integer(rangeItem(object.as<RangeObject>(), at));
    if (!object.isString()) return object.items()[index];
    const StringObject& string = object.string();
    const std::size_t first = byteOffset(interpreter.budget(), string, index);
    std::size_t last = first + 1;
    while (last < string.text.size() && (static_cast<unsigned char>(string.text.bytes()[last]) & 0xc0) == 0x80) ++last;
    return makeText(interpreter.budget(), string.text.slice(first, last), string.markup);
}

}  // namespace

Value Interpreter::attribute(const Value& object, const std::string& attributeName) {
    if (object.undefined()) failUndefined(object);
    Value value = builtinAttribute(*this, object, attributeName);
    if (!value.missing()) return value;
    if (object.is(Kind::Dict)) {
        if (const Value* entry = object.dict().find(attributeName)) return *entry;
    }
    return noAttribute(object, attributeName);
}

Value Interpreter::item(const Value& object, const Value& key) {
    if (object.undefined()) failUndefined(object);
    Value value = builtinItem(*this, object, key);
    if (!value.missing()) return value;
    if (!key.isString()) return makeUndefined(describe(object) + " has no element " + repr(m_budget, key));
    value = builtinAttribute(*this, object, key.bytes());
    return value.missing() ? noAttribute(object, key.bytes()) : value;
}

}  // namespace larder::text::jinja
