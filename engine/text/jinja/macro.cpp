#include "engine/text/jinja/macro.h"

#include <algorithm>
#include <utility>

#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {
namespace {

// The named argument, taken out of the arguments; Missing if it was not given.
Value take(Arguments& arguments, const std::string& name) {
    const auto it = std::find_if(arguments.named.begin(), arguments.named.end(),
                                 [&](const auto& argument) { return argument.first == name; });
    if (it == arguments.named.end()) return {};
    Value value = std::move(it->second);
    arguments.named.erase(it);
    return value;
}

Value namedDict(Budget& budget, const Arguments& arguments) {
    auto dict = std::make_shared<DictObject>(budget);
    for (const auto& [name, value] : arguments.named) dict->set(makeString(budget, name, true), value);
    return makeDict(std::move(dict));
}

}  // namespace

std::string MacroObject::repr() const {
    return "<Macro " + (function.name.empty() ? std::string("'caller'") : quotedRepr(function.name)) + ">";
}

Value MacroObject::attribute(Interpreter& interpreter, std::string_view name) const {
    Budget& budget = interpreter.budget();
    if (name == "name") return makeString(budget, function.name, true);
    if (name == "arguments") {
        std::vector<Value> names;
        for (const auto& parameter : function.parameters) names.push_back(makeString(budget, parameter->name, true));
        return makeTuple(budget, std::move(names));
    }
    if (name == "caller") return Value::boolean(function.usesCaller);
    if (name == "catch_kwargs") return Value::boolean(function.usesKwargs);
    if (name == "catch_varargs") return Value::boolean(function.usesVarargs);
    return {};
}

Value MacroObject::call(Interpreter& interpreter, Arguments arguments) {
    const auto& parameters = function.parameters;
    const std::string shown = function.name.empty() ? "None" : shownName(function.name);
    std::vector<Value> values(parameters.size());
    const std::size_t positional = std::min(parameters.size(), arguments.positional.size());
    std::move(arguments.positional.begin(), arguments.positional.begin() + static_cast<std::ptrdiff_t>(positional),
              values.begin());
    interpreter.budget().steps((parameters.size() - positional) * (1 + arguments.named.size() / 8));
    for (std::size_t i = positional; i < parameters.size(); ++i) values[i] = take(arguments, parameters[i]->name);
    Value caller, kwargs, varargs;
    if (function.usesCaller) {
        caller = take(arguments, "caller");
        if (caller.missing() || caller.isNone()) caller = makeUndefined("No caller defined");
    }
    if (function.usesKwargs) {
        kwargs = namedDict(interpreter.budget(), arguments);
    } else if (!arguments.named.empty()) {
        const std::string& name = arguments.named.front().first;
        const bool twice = std::any_of(arguments.named.begin(), arguments.named.end(),
                                       [](const auto& argument) { return argument.first == "caller"; });
        if (twice) {
            fail("macro " + shown +
                 " was invoked with two values for the special caller argument. This is most likely a bug.");
        }
        fail("macro " + shown + " takes no keyword argument " + shownName(name));
    }
    if (function.usesVarargs) {
        varargs = makeTuple(
            interpreter.budget(),
            {arguments.positional.begin() + static_cast<std::ptrdiff_t>(positional), arguments.positional.end()});
    } else if (arguments.positional.size() > parameters.size()) {
        fail("macro " + shown + " takes not more than " + std::to_string(parameters.size()) + " argument(s)");
    }
    return interpreter.runFunction(function, outer, [&](Activation& activation) {
        const auto put = [&](const Slot& place, Value value) {
            activation.slots[static_cast<std::size_t>(place.index)] = std::move(value);
        };
        for (std::size_t i = 0; i < parameters.size(); ++i) put(parameters[i]->slot, std::move(values[i]));
        if (function.usesCaller) put(function.caller, std::move(caller));
        if (function.usesKwargs) put(function.kwargs, std::move(kwargs));
        if (function.usesVarargs) put(function.varargs, std::move(varargs));
    });
}

}  // namespace larder::text::jinja
