#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/operators.h"

namespace larder::text::jinja {
namespace {

Value defaultFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("default", arguments, {"default_value", "boolean"});
    const bool alsoFalse = !given[1].missing() && truthy(interpreter.budget(), given[1]);
    if (!input.undefined() && !(alsoFalse && !truthy(interpreter.budget(), input))) return input;
    return given[0].missing() ? makeText(interpreter.budget(), {}) : given[0];
}

// obj|attr('name'): attributes only, never items.
Value attrFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("attr", arguments, {"name"}, 1);
    const std::string& name = textArgument("attr()", given[0]).bytes();
    if (input.undefined()) failUndefined(input);
    if (input.is(Kind::Dict) && findMethod(input, name) == nullptr && !isMutating(input, name)) {
        return makeUndefined("'dict object' has no attribute '" + name + "'");
    }
    return interpreter.attribute(input, name);
}

}  // namespace

FilterFunction findFilter(std::string_view name) {
    if (name == "default" || name == "d") return defaultFilter;
    if (name == "tojson") return toJson;
    if (name == "attr") return attrFilter;
    if (const FilterFunction found = findTextFilter(name)) return found;
    if (const FilterFunction found = findSequenceFilter(name)) return found;
    if (const FilterFunction found = findSelectingFilter(name)) return found;
    if (const FilterFunction found = findNumberFilter(name)) return found;
    return findLayoutFilter(name);
}

}  // namespace larder::text::jinja
