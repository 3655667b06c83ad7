#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {
namespace {

using GlobalFunction = Value (*)(Interpreter&, Arguments&);

struct FunctionObject : CallableObject {
    FunctionObject(std::string functionName, GlobalFunction body) : name(std::move(functionName)), function(body) {}
    Value call(Interpreter& interpreter, Arguments arguments) override { return function(interpreter, arguments); }
    std::string repr() const override { return "<function " + name + ">"; }
    std::string_view typeName() const override { return "function"; }

    std::string name;
    GlobalFunction function;
};

Value rangeFunction(Interpreter& interpreter, Arguments& arguments) {
    const auto given = bind("range", arguments, {"/start", "/stop", "/step"}, 1);
    if (given[1].missing()) return range(interpreter, 0, integerArgument(given[0]), 1);
    const std::int64_t step = given[2].missing() ? 1 : integerArgument(given[2]);
    return range(interpreter, integerArgument(given[0]), integerArgument(given[1]), step);
}

// dict(mapping or pairs, **named)
std::shared_ptr<DictObject> dictOf(Interpreter& interpreter, Arguments& arguments) {
    auto dict = std::make_shared<DictObject>(interpreter.budget());
    if (arguments.positional.size() > 1) {
        fail("dict expected at most 1 argument, got " + std::to_string(arguments.positional.size()));
    }
    if (!arguments.positional.empty()) {
        const Value& from = arguments.positional.front();
        if (from.is(Kind::Dict)) {
            interpreter.budget().steps(from.dict().entries.size());
            for (const auto& [key, value] : from.dict().entries) dict->set(key, value);
        } else {
            for (const Value& pair : collect(interpreter, from)) {
                const std::vector<Value> parts = collect(interpreter, pair);
                if (parts.size() != 2)
                    fail("dictionary update sequence element has length " + std::to_string(parts.size()) +
                         "; 2 is required");
                dict->set(parts[0], parts[1]);
            }
        }
    }
    for (const auto& [name, value] : arguments.named) dict->set(makeString(interpreter.budget(), name, true), value);
    return dict;
}

Value dictFunction(Interpreter& interpreter, Arguments& arguments) { return makeDict(dictOf(interpreter, arguments)); }

Value namespaceFunction(Interpreter& interpreter, Arguments& arguments) {
    auto object = std::make_shared<NamespaceObject>();
    object->attributes = dictOf(interpreter, arguments);
    interpreter.budget().hold(sizeof(NamespaceObject) + sizeof(DictObject));
    interpreter.keep(object, [raw = object.get()] {
        // What it holds may hold it.
        raw->attributes = std::make_shared<DictObject>(raw->attributes->budget);
    });
    return Value(Kind::Namespace, std::move(object));
}

Value raiseException(Interpreter& interpreter, Arguments& arguments) {
    const auto given = bind("raise_exception", arguments, {"message"}, 1);
    throw Failure{toText(interpreter.budget(), given[0]).bytes(), true, 0};
}

Value strftimeNow(Interpreter& interpreter, Arguments& arguments) {
    const auto given = bind("strftime_now", arguments, {"format"}, 1);
    const Text& format = textArgument("strftime_now()", given[0]);
    if (format.size() > 1000) fail("the format of strftime_now is too long");
    if (format.bytes().find('\0') != std::string::npos) fail("embedded null character");
    if (format.empty()) return given[0];
    // strftime tells "nothing written" from "buffer too small" only by what was asked for, hence the extra character.
    std::vector<char> buffer(64 * 1024);
    const std::string asked = format.bytes() + "x";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    const std::size_t size = std::strftime(buffer.data(), buffer.size(), asked.c_str(), &interpreter.now());
#pragma GCC diagnostic pop
    if (size == 0) fail("the format of strftime_now makes too long a text");
    return makeString(interpreter.budget(), std::string(buffer.data(), size - 1), format.trusted());
}

// joiner(sep): nothing when called first, then sep.
struct JoinerObject : CallableObject {
    explicit JoinerObject(Value text) : separator(std::move(text)) { depth = separator.depth() + 1; }
    Value call(Interpreter& interpreter, Arguments arguments) override {
        bind("joiner", arguments, {});
        if (std::exchange(used, true)) return separator;
        return makeText(interpreter.budget(), {});
    }
    std::string repr() const override { return "<jinja2.utils.Joiner object>"; }
    std::string_view typeName() const override { return "Joiner"; }

    Value separator;
    bool used = false;
};

Value joinerFunction(Interpreter& interpreter, Arguments& arguments) {
    const auto given = bind("joiner", arguments, {"sep"});
    Value separator = given[0].missing() ? makeString(interpreter.budget(), ", ", true) : given[0];
    return Value(Kind::Callable, std::make_shared<JoinerObject>(std::move(separator)));
}

struct CyclerObject : CallableObject, std::enable_shared_from_this<CyclerObject> {
    explicit CyclerObject(Value values) : items(std::move(values)) { depth = items.depth() + 1; }
    Value call(Interpreter&, Arguments) override { fail("'Cycler' object is not callable"); }
    std::string repr() const override { return "<jinja2.utils.Cycler object>"; }
    std::string_view typeName() const override { return "Cycler"; }
    Value attribute(Interpreter& interpreter, std::string_view name) const override;

    Value items;
    std::size_t position = 0;
};

Value cyclerNext(Interpreter&, const Value& self, Arguments& arguments) {
    bind("next", arguments, {});
    auto& cycler = self.as<CyclerObject>();
    Value out = cycler.items.items()[cycler.position];
    cycler.position = (cycler.position + 1) % cycler.items.items().size();
    return out;
}

Value cyclerReset(Interpreter&, const Value& self, Arguments& arguments) {
    bind("reset", arguments, {});
    self.as<CyclerObject>().position = 0;
    return Value::none();
}

Value CyclerObject::attribute(Interpreter& interpreter, std::string_view name) const {
    if (name == "current") return items.items()[position];
    if (name == "pos") return Value::integer(static_cast<std::int64_t>(position));
    if (name == "items") return items;
    const auto self = std::const_pointer_cast<CyclerObject>(shared_from_this());
    if (name == "next") return boundMethod(interpreter, Value(Kind::Callable, self), "next", cyclerNext);
    if (name == "reset") return boundMethod(interpreter, Value(Kind::Callable, self), "reset", cyclerReset);
    return {};
}

Value cyclerFunction(Interpreter& interpreter, Arguments& arguments) {
    if (!arguments.named.empty()) fail("Cycler() takes no keyword arguments");
    if (arguments.positional.empty()) fail("at least one item has to be provided");
    Value items = makeTuple(interpreter.budget(), std::move(arguments.positional));
    return Value(Kind::Callable, std::make_shared<CyclerObject>(std::move(items)));
}

struct GlobalEntry {
    std::string_view name;
    GlobalFunction function;
};

constexpr GlobalEntry kGlobals[] = {
    {"cycler", cyclerFunction},          {"dict", dictFunction},
    {"joiner", joinerFunction},          {"namespace", namespaceFunction},
    {"raise_exception", raiseException}, {"range", rangeFunction},
    {"strftime_now", strftimeNow},
};

}  // namespace

Value findGlobal(std::string_view name) {
    for (const GlobalEntry& entry : kGlobals) {
        if (entry.name != name) continue;
        return Value(Kind::Callable, std::make_shared<FunctionObject>(std::string(name), entry.function));
    }
    return {};
}

}  // namespace larder::text::jinja
