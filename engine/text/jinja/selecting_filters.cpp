#include <algorithm>
#include <string>
#include <utility>

#include "engine/text/jinja/attribute_path.h"
#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {
namespace {

Value takeNamed(Arguments& arguments, std::string_view name) {
    for (std::size_t i = 0; i < arguments.named.size(); ++i) {
        if (arguments.named[i].first != name) continue;
        Value value = std::move(arguments.named[i].second);
        arguments.named.erase(arguments.named.begin() + static_cast<std::ptrdiff_t>(i));
        return value;
    }
    return {};
}

std::string nameArgument(const Value& value) {
    if (!value.isString()) fail("a filter or test is named by a string, not by " + typeName(value));
    constexpr std::size_t kMostBytes = 100;  // none has such a long name, and what an iterator keeps is not counted
    return value.bytes().size() > kMostBytes ? "..." : value.bytes();
}

unsigned depthOfAll(const Value& input, const Arguments& arguments) {
    unsigned depth = input.depth();
    for (const Value& value : arguments.positional) depth = std::max(depth, value.depth());
    for (const auto& [name, value] : arguments.named) depth = std::max(depth, value.depth());
    return depth;
}

// Items come when they are asked for, as from Python's generators.
Value mapFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    if (!truthy(interpreter.budget(), input)) return makeIterator([](Value&) { return false; }, 0);
    const unsigned depth = depthOfAll(input, arguments);
    Interpreter* const run = &interpreter;
    IteratorObject::Next items = iterateLazily(interpreter, input);
    if (arguments.positional.empty()) {
        Value attribute = takeNamed(arguments, "attribute");
        if (attribute.missing()) fail("map requires a filter argument");
        Value fallback = takeNamed(arguments, "default");
        if (!arguments.named.empty()) fail("Unexpected keyword argument " + shownName(arguments.named.front().first));
        return makeIterator(
            [run, items = std::move(items), path = AttributePath(interpreter, attribute), fallback](Value& out) {
                Value item;
                if (!items(item)) return false;
                out = path.of(*run, std::move(item), fallback);
                return true;
            },
            depth);
    }
    std::string name = nameArgument(arguments.positional.front());
    Arguments passed = std::move(arguments);
    passed.positional.erase(passed.positional.begin());
    return makeIterator(
        [run, items = std::move(items), name = std::move(name), passed = std::move(passed)](Value& out) {
            Value item;
            if (!items(item)) return false;
            out = run->applyFilter(name, item, passed);
            return true;
        },
        depth);
}

enum class Wanted { Passing, Failing };
enum class Looked { AtItem, AtAttribute };

Value selected(Interpreter& interpreter, const Value& input, Arguments& arguments, Wanted wanted, Looked looked) {
    if (!truthy(interpreter.budget(), input)) return makeIterator([](Value&) { return false; }, 0);
    const unsigned depth = depthOfAll(input, arguments);
    Interpreter* const run = &interpreter;
    Value attribute;
    Arguments passed = std::move(arguments);
    if (looked == Looked::AtAttribute) {
        if (passed.positional.empty()) fail("Missing parameter for attribute name");
        attribute = passed.positional.front();
        passed.positional.erase(passed.positional.begin());
    }
    std::string test;
    if (!passed.positional.empty()) {
        test = nameArgument(passed.positional.front());
        passed.positional.erase(passed.positional.begin());
    }
    return makeIterator(
        [run, wanted, items = iterateLazily(interpreter, input), path = AttributePath(interpreter, attribute),
         test = std::move(test), passed = std::move(passed)](Value& out) {
            while (items(out)) {
                const Value examined = path.of(*run, out);
                const bool passes =
                    test.empty() ? truthy(run->budget(), examined) : run->applyTest(test, examined, passed);
                if (passes == (wanted == Wanted::Passing)) return true;
            }
            return false;
        },
        depth);
}

Value selectFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return selected(interpreter, input, arguments, Wanted::Passing, Looked::AtItem);
}
Value rejectFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return selected(interpreter, input, arguments, Wanted::Failing, Looked::AtItem);
}
Value selectattrFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return selected(interpreter, input, arguments, Wanted::Passing, Looked::AtAttribute);
}
Value rejectattrFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return selected(interpreter, input, arguments, Wanted::Failing, Looked::AtAttribute);
}

}  // namespace

FilterFunction findSelectingFilter(std::string_view name) {
    if (name == "map") return mapFilter;
    if (name == "select") return selectFilter;
    if (name == "reject") return rejectFilter;
    if (name == "selectattr") return selectattrFilter;
    if (name == "rejectattr") return rejectattrFilter;
    return nullptr;
}

}  // namespace larder::text::jinja
