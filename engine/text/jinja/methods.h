// Methods of strings and collections, as the template sees them: object.method(...). One thread at a time.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/jinja/objects.h"

namespace larder::text::jinja {

using Method = Value (*)(Interpreter& interpreter, const Value& self, Arguments& arguments);

// nullptr if objects of this kind have no such method (or the sandbox refuses it).
Method findMethod(const Value& object, std::string_view name);
// Whether it is one of Python's methods that change the object, which the sandbox refuses.
bool isMutating(const Value& object, std::string_view name);

Value boundMethod(Interpreter& interpreter, const Value& self, std::string name, Method method);

// Sorts what a call gave into its parameters: Missing where nothing was given. Failure for what does not fit.
// The first `required` must be given. Names that begin with '/' cannot be given by name.
std::vector<Value> bind(std::string_view function, const Arguments& arguments,
                        std::initializer_list<std::string_view> names, std::size_t required = 0);

// The argument as an integer (bools count), with Python's complaint otherwise.
std::int64_t integerArgument(const Value& value);
const Text& textArgument(std::string_view function, const Value& value);

Method findStringMethod(std::string_view name);
Method findCaseMethod(std::string_view name);        // upper, isdigit, ...
Method findCollectionMethod(Kind kind, std::string_view name);

}  // namespace larder::text::jinja
