#include "engine/text/jinja/methods.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {
namespace {

struct BoundMethod : CallableObject {
    BoundMethod(Value object, std::string methodName, Method function)
        : self(std::move(object)), name(std::move(methodName)), method(function) {
        depth = self.depth() + 1;
        if (depth > kMaxNesting) fail("values are nested too deeply");
    }
    Value call(Interpreter& interpreter, Arguments arguments) override { return method(interpreter, self, arguments); }
    std::string repr() const override {
        return "<built-in method " + name + " of " + jinja::typeName(self) + " object>";
    }
    std::string_view typeName() const override { return "builtin_function_or_method"; }

    Value self;
    std::string name;
    Method method;
};

Value view(const Value& dict, ViewOf what) {
    auto object = std::make_shared<ViewObject>();
    object->depth = dict.depth();
    object->dict = dict;
    object->what = what;
    return Value(Kind::View, std::move(object));
}

Value dictGet(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const auto given = bind("get", arguments, {"/key", "/default"}, 1);
    interpreter.budget().steps(1);
    const Value* value = self.dict().find(given[0]);
    if (value != nullptr) return *value;
    return given[1].missing() ? Value::none() : given[1];
}

Value dictItems(Interpreter&, const Value& self, Arguments& arguments) {
    bind("items", arguments, {});
    return view(self, ViewOf::Items);
}

Value dictKeys(Interpreter&, const Value& self, Arguments& arguments) {
    bind("keys", arguments, {});
    return view(self, ViewOf::Keys);
}

Value dictValues(Interpreter&, const Value& self, Arguments& arguments) {
    bind("values", arguments, {});
    return view(self, ViewOf::Values);
}

Value copy(Interpreter&, const Value& self, Arguments& arguments) {
    bind("copy", arguments, {});
    return self;  // nothing changes it
}

Value listCount(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const auto given = bind("count", arguments, {"/value"}, 1);
    std::int64_t count = 0;
    for (const Value& item : self.items()) count += equal(interpreter.budget(), item, given[0]) ? 1 : 0;
    return Value::integer(count);
}

Value listIndex(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const auto given = bind("index", arguments, {"/value", "/start", "/stop"}, 1);
    const auto size = static_cast<std::int64_t>(self.items().size());
    const auto bound = [&](const Value& value, std::int64_t otherwise) {
        if (value.missing()) return otherwise;
        const std::int64_t at = integerArgument(value);
        return std::clamp<std::int64_t>(at < 0 ? (at < -size ? 0 : at + size) : at, 0, size);
    };
    const std::int64_t stop = bound(given[2], size);
    for (std::int64_t i = bound(given[1], 0); i < stop; ++i) {
        if (equal(interpreter.budget(), self.items()[static_cast<std::size_t>(i)], given[0])) return Value::integer(i);
    }
    if (self.is(Kind::Tuple)) fail("tuple.index(x): x not in tuple");
    fail(repr(interpreter.budget(), given[0]) + " is not in list");
}

Value floatIsInteger(Interpreter&, const Value& self, Arguments& arguments) {
    bind("is_integer", arguments, {});
    const double number = self.number();
    return Value::boolean(std::isfinite(number) && number == std::floor(number));
}

}  // namespace

Method findCollectionMethod(Kind kind, std::string_view name) {
    if (kind == Kind::Dict) {
        if (name == "get") return dictGet;
        if (name == "items") return dictItems;
        if (name == "keys") return dictKeys;
        if (name == "values") return dictValues;
        if (name == "copy") return copy;
    }
    if (kind == Kind::List || kind == Kind::Tuple) {
        if (name == "count") return listCount;
        if (name == "index") return listIndex;
        if (name == "copy" && kind == Kind::List) return copy;
    }
    if (kind == Kind::Float && name == "is_integer") return floatIsInteger;
    return nullptr;
}

Method findMethod(const Value& object, std::string_view name) {
    return object.isString() ? findStringMethod(name) : findCollectionMethod(object.kind(), name);
}

bool isMutating(const Value& object, std::string_view name) {
    static constexpr std::array<std::string_view, 8> kList = {"append", "clear", "pop", "reverse",
                                                              "insert", "sort",  "extend", "remove"};
    static constexpr std::array<std::string_view, 5> kDict = {"clear", "pop", "popitem", "setdefault", "update"};
    if (object.is(Kind::List)) return std::find(kList.begin(), kList.end(), name) != kList.end();
    if (object.is(Kind::Dict)) return std::find(kDict.begin(), kDict.end(), name) != kDict.end();
    return false;
}

Value boundMethod(Interpreter& interpreter, const Value& self, std::string name, Method method) {
    interpreter.budget().steps(1);
    return Value(Kind::Callable, std::make_shared<BoundMethod>(self, std::move(name), method));
}

std::vector<Value> bind(std::string_view function, const Arguments& arguments,
                        std::initializer_list<std::string_view> names, std::size_t required) {
    const std::string shown = std::string(function) + "()";
    if (arguments.positional.size() > names.size()) {
        fail(shown + " takes at most " + std::to_string(names.size()) + " arguments (" +
             std::to_string(arguments.positional.size()) + " given)");
    }
    std::vector<Value> out(names.size());
    std::copy(arguments.positional.begin(), arguments.positional.end(), out.begin());
    for (const auto& [name, value] : arguments.named) {
        const auto it = std::find(names.begin(), names.end(), name);
        if (it == names.end()) fail(shown + " got an unexpected keyword argument " + shownName(name));
        Value& place = out[static_cast<std::size_t>(it - names.begin())];
        if (!place.missing()) fail(shown + " got multiple values for argument " + shownName(name));
        place = value;
    }
    for (std::size_t i = 0; i < required; ++i) {
        if (out[i].missing()) {
            std::string_view name = *(names.begin() + i);
            if (name.starts_with('/')) name.remove_prefix(1);
            fail(shown + " missing required argument " + shownName(name));
        }
    }
    return out;
}

std::int64_t integerArgument(const Value& value) {
    if (value.undefined()) failUndefined(value);
    if (!value.isIntegral()) fail("'" + typeName(value) + "' object cannot be interpreted as an integer");
    return value.integer();
}

const Text& textArgument(std::string_view function, const Value& value) {
    if (!value.isString()) fail(std::string(function) + " argument must be str, not " + typeName(value));
    return value.text();
}

}  // namespace larder::text::jinja
