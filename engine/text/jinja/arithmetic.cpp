#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/percent_format.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {
namespace {

[[noreturn]] void failOperands(std::string_view op, const Value& left, const Value& right) {
    std::string shown(op);
    if (op == "**") shown = "** or pow()";
    fail("unsupported operand type(s) for " + shown + ": '" + typeName(left) + "' and '" + typeName(right) + "'");
}

[[noreturn]] void failOverflow() { fail("a whole number is out of range (64 bits)"); }

Value integerPower(std::int64_t base, std::int64_t exponent) {
    if (exponent < 0) {
        if (base == 0) fail("0.0 cannot be raised to a negative power");
        return Value::floating(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
    }
    std::int64_t result = 1;
    while (exponent > 0) {
        if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) failOverflow();
        exponent >>= 1;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) failOverflow();
    }
    return Value::integer(result);
}

// Rounds towards minus infinity, as Python does.
Value integerDivision(std::string_view op, std::int64_t left, std::int64_t right) {
    if (right == 0) fail(op == "%" ? "integer modulo by zero" : "integer division or modulo by zero");
    if (right == -1) {  // the smallest number has no opposite
        if (op == "%") return Value::integer(0);
        if (left == std::numeric_limits<std::int64_t>::min()) failOverflow();
        return Value::integer(-left);
    }
    std::int64_t quotient = left / right, rest = left % right;
    if (rest != 0 && (rest < 0) != (right < 0)) {
        rest += right;
        --quotient;
    }
    return Value::integer(op == "%" ? rest : quotient);
}

Value floatDivision(std::string_view op, double left, double right) {
    if (right == 0) fail(op == "%" ? "float modulo" : "float floor division by zero");
    double rest = std::fmod(left, right);
    double quotient = (left - rest) / right;
    if (rest != 0) {
        if ((right < 0) != (rest < 0)) {
            rest += right;
            quotient -= 1;
        }
    } else {
        rest = std::copysign(0.0, right);
    }
    if (op == "%") return Value::floating(rest);
    if (quotient == 0) return Value::floating(std::copysign(0.0, left / right));
    double whole = std::floor(quotient);
    if (quotient - whole > 0.5) whole += 1;
    return Value::floating(whole);
}

Value integers(std::string_view op, std::int64_t left, std::int64_t right) {
    std::int64_t result = 0;
    if (op == "+") {
        if (__builtin_add_overflow(left, right, &result)) failOverflow();
        return Value::integer(result);
    }
    if (op == "-") {
        if (__builtin_sub_overflow(left, right, &result)) failOverflow();
        return Value::integer(result);
    }
    if (op == "*") {
        if (__builtin_mul_overflow(left, right, &result)) failOverflow();
        return Value::integer(result);
    }
    if (op == "/") {
        if (right == 0) fail("division by zero");
        return Value::floating(static_cast<double>(left) / static_cast<double>(right));
    }
    if (op == "**") return integerPower(left, right);
    return integerDivision(op, left, right);
}

Value floats(std::string_view op, double left, double right) {
    if (op == "+") return Value::floating(left + right);
    if (op == "-") return Value::floating(left - right);
    if (op == "*") return Value::floating(left * right);
    if (op == "/") {
        if (right == 0) fail("float division by zero");
        return Value::floating(left / right);
    }
    if (op == "**") {
        if (left == 0 && right < 0) fail("0.0 cannot be raised to a negative power");
        if (left < 0 && right != std::floor(right)) fail("complex numbers are not supported");
        const double result = std::pow(left, right);
        if (std::isinf(result) && !std::isinf(left) && !std::isinf(right))
            fail("(34, 'Numerical result out of range')");
        return Value::floating(result);
    }
    return floatDivision(op, left, right);
}

// A Markup on one side escapes the other.
Value joinedText(Interpreter& interpreter, const Value& left, const Value& right) {
    const bool markup = left.string().markup || right.string().markup;
    checkTextBytes(left.bytes().size() + right.bytes().size());
    Budget& budget = interpreter.budget();
    Text out = markup && !left.string().markup ? escaped(budget, left.text()) : left.text();
    out.append(markup && !right.string().markup ? escaped(budget, right.text()) : right.text());
    return makeText(budget, std::move(out), markup);
}

Value added(Interpreter& interpreter, const Value& left, const Value& right) {
    if (left.isString() && right.isString()) return joinedText(interpreter, left, right);
    if (left.kind() == right.kind() && (left.is(Kind::List) || left.is(Kind::Tuple))) {
        std::vector<Value> items = left.items();
        interpreter.budget().steps(left.items().size() / 16 + right.items().size() / 16);
        items.insert(items.end(), right.items().begin(), right.items().end());
        return left.is(Kind::List) ? makeList(interpreter.budget(), std::move(items))
                                   : makeTuple(interpreter.budget(), std::move(items));
    }
    if (left.isString() || left.is(Kind::List) || left.is(Kind::Tuple)) {
        const std::string type = typeName(left);
        fail("can only concatenate " + type + " (not \"" + typeName(right) + "\") to " + type);
    }
    failOperands("+", left, right);
}

Value repeated(Interpreter& interpreter, const Value& value, std::int64_t count) {
    count = std::max<std::int64_t>(count, 0);
    const bool isText = value.isString();
    const std::size_t size = isText ? value.bytes().size() : value.items().size();
    if (size == 0) count = 0;
    const std::size_t most = isText ? kMaxTextBytes : kMaxHeldBytes / sizeof(Value);
    if (size > 0 && static_cast<std::uint64_t>(count) > most / size) fail("a repetition makes something too large");
    if (isText) {
        interpreter.budget().steps(static_cast<std::uint64_t>(count));
        Text out;
        for (std::int64_t i = 0; i < count; ++i) out.append(value.text());
        return makeText(interpreter.budget(), std::move(out), value.string().markup);
    }
    interpreter.budget().steps(static_cast<std::uint64_t>(count) * size);
    std::vector<Value> items;
    for (std::int64_t i = 0; i < count; ++i) items.insert(items.end(), value.items().begin(), value.items().end());
    return value.is(Kind::List) ? makeList(interpreter.budget(), std::move(items))
                                : makeTuple(interpreter.budget(), std::move(items));
}

bool repeatable(const Value& value) { return value.isString() || value.is(Kind::List) || value.is(Kind::Tuple); }

}  // namespace

void failUndefined(const Value& undefined) { fail(undefined.undefinedReason().message); }

Value arithmetic(Interpreter& interpreter, std::string_view op, const Value& left, const Value& right) {
    if (op == "%" && left.isString()) return percentFormatted(interpreter, left, right);
    if (left.undefined()) failUndefined(left);
    if (right.undefined()) failUndefined(right);
    if (left.isIntegral() && right.isIntegral()) return integers(op, left.integer(), right.integer());
    if (left.isNumber() && right.isNumber()) return floats(op, left.number(), right.number());
    if (op == "+") return added(interpreter, left, right);
    if (op == "*") {
        if (repeatable(left) && right.isIntegral()) return repeated(interpreter, left, right.integer());
        if (repeatable(right) && left.isIntegral()) return repeated(interpreter, right, left.integer());
        if (repeatable(left)) fail("can't multiply sequence by non-int of type '" + typeName(right) + "'");
    }
    failOperands(op, left, right);
}

Value negate(const Value& value) {
    if (value.undefined()) failUndefined(value);
    if (value.is(Kind::Float)) return Value::floating(-value.number());
    if (!value.isIntegral()) fail("bad operand type for unary -: '" + typeName(value) + "'");
    return integers("-", 0, value.integer());
}

Value plus(const Value& value) {
    if (value.undefined()) failUndefined(value);
    if (!value.isNumber()) fail("bad operand type for unary +: '" + typeName(value) + "'");
    return value.is(Kind::Float) ? value : Value::integer(value.integer());
}

}  // namespace larder::text::jinja
