#include <cmath>
#include <string>

#include "engine/text/jinja/case_mapping.h"
#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {
namespace {

// Tests without an argument of their own.
void takesNothing(const Arguments& arguments) { bind("test", arguments, {}); }

Value only(const Arguments& arguments) { return bind("test", arguments, {"/other"}, 1)[0]; }

Value rest(Interpreter& interpreter, const Value& input, std::int64_t by) {
    return arithmetic(interpreter, "%", input, Value::integer(by));
}

bool oddTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return equal(interpreter.budget(), rest(interpreter, input, 2), Value::integer(1));
}
bool evenTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return equal(interpreter.budget(), rest(interpreter, input, 2), Value::integer(0));
}
bool divisiblebyTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const Value by = bind("divisibleby", arguments, {"num"}, 1)[0];
    return equal(interpreter.budget(), arithmetic(interpreter, "%", input, by), Value::integer(0));
}
bool definedTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return !input.undefined();
}
bool undefinedTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.undefined();
}
bool isFilterTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.isString() && findFilter(input.bytes()) != nullptr;
}
bool isTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.isString() && findTest(input.bytes()) != nullptr;
}
bool noneTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.isNone();
}
bool booleanTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.is(Kind::Bool);
}
bool isFalseTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.is(Kind::Bool) && !input.boolean();
}
bool isTrueTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.is(Kind::Bool) && input.boolean();
}
bool integerTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.is(Kind::Int);
}
bool isFloatTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.is(Kind::Float);
}
bool numberTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.isNumber();
}
bool lowerTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    const Text text = toText(interpreter.budget(), input);
    interpreter.budget().characters(text.size());
    return isLowerText(text.bytes());
}
bool upperTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    const Text text = toText(interpreter.budget(), input);
    interpreter.budget().characters(text.size());
    return isUpperText(text.bytes());
}
bool stringTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.isString();
}
bool mappingTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.is(Kind::Dict);
}
bool sequenceTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    switch (input.kind()) {
        case Kind::Undefined:
        case Kind::String:
        case Kind::List:
        case Kind::Tuple:
        case Kind::Dict:
        case Kind::Range: return true;
        default: return false;
    }
}
bool isIterableTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return iterable(input);
}
bool callableTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.is(Kind::Callable) || input.is(Kind::Loop) || input.undefined();
}
bool escapedTextTest(Interpreter&, const Value& input, Arguments& arguments) {
    takesNothing(arguments);
    return input.isString() && input.string().markup;
}
bool sameasTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const Value other = bind("sameas", arguments, {"other"}, 1)[0];
    if (input.kind() != other.kind()) return false;
    if (input.isNone()) return true;
    if (input.isNumber() || input.isString()) return equal(interpreter.budget(), input, other);
    return input.object() == other.object();
}
bool inTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return contains(interpreter, bind("in", arguments, {"seq"}, 1)[0], input);
}
bool eqTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return equal(interpreter.budget(), input, only(arguments));
}
bool neTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return !equal(interpreter.budget(), input, only(arguments));
}
bool gtTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return greater(interpreter.budget(), input, only(arguments));
}
bool geTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return greaterOrEqual(interpreter.budget(), input, only(arguments));
}
bool ltTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return less(interpreter.budget(), input, only(arguments));
}
bool leTest(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return lessOrEqual(interpreter.budget(), input, only(arguments));
}

struct TestEntry {
    std::string_view name;
    TestFunction function;
};

constexpr TestEntry kTests[] = {
    {"defined", definedTest},
    {"undefined", undefinedTest},
    {"none", noneTest},
    {"string", stringTest},
    {"mapping", mappingTest},
    {"iterable", isIterableTest},
    {"sequence", sequenceTest},
    {"number", numberTest},
    {"integer", integerTest},
    {"float", isFloatTest},
    {"boolean", booleanTest},
    {"true", isTrueTest},
    {"false", isFalseTest},
    {"callable", callableTest},
    {"odd", oddTest},
    {"even", evenTest},
    {"divisibleby", divisiblebyTest},
    {"sameas", sameasTest},
    {"in", inTest},
    {"eq", eqTest},
    {"==", eqTest},
    {"equalto", eqTest},
    {"ne", neTest},
    {"!=", neTest},
    {"gt", gtTest},
    {">", gtTest},
    {"greaterthan", gtTest},
    {"ge", geTest},
    {">=", geTest},
    {"lt", ltTest},
    {"<", ltTest},
    {"lessthan", ltTest},
    {"le", leTest},
    {"<=", leTest},
    {"lower", lowerTest},
    {"upper", upperTest},
    {"escaped", escapedTextTest},
    {"filter", isFilterTest},
    {"test", isTest},
};

}  // namespace

TestFunction findTest(std::string_view name) {
    for (const TestEntry& entry : kTests) {
        if (entry.name == name) return entry.function;
    }
    return nullptr;
}

}  // namespace larder::text::jinja
