#include <utility>

#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {

Value Interpreter::eval(const Expr& expr) {
    const Level level(m_budget);
    m_budget.steps(1);
    switch (expr.type) {
        case ExprType::Constant: return static_cast<const Constant&>(expr).value;
        case ExprType::Name: return name(static_cast<const Name&>(expr));
        case ExprType::List: return makeList(m_budget, evalAll(static_cast<const Parts&>(expr).parts));
        case ExprType::Tuple: return makeTuple(m_budget, evalAll(static_cast<const Parts&>(expr).parts));
        case ExprType::Dict: return dictLiteral(static_cast<const Parts&>(expr));
        case ExprType::Condition: return condition(static_cast<const Parts&>(expr));
        case ExprType::Binary: {
            const auto& node = static_cast<const Binary&>(expr);
            const Value left = eval(*node.left);
            const Value right = eval(*node.right);
            m_line = expr.line;
            return arithmetic(*this, node.op, left, right);
        }
        case ExprType::And:
        case ExprType::Or: return logical(static_cast<const Parts&>(expr));
        case ExprType::Not: return Value::boolean(!truth(*static_cast<const Parts&>(expr).parts[0]));
        case ExprType::Negate: return negate(eval(*static_cast<const Parts&>(expr).parts[0]));
        case ExprType::Plus: return plus(eval(*static_cast<const Parts&>(expr).parts[0]));
        case ExprType::Compare: return comparison(static_cast<const Compare&>(expr));
        case ExprType::Concat: return concatenation(static_cast<const Parts&>(expr));
        case ExprType::Attribute: {
            const auto& node = static_cast<const Attribute&>(expr);
            const Value object = eval(*node.object);
            m_line = expr.line;
            return attribute(object, node.name);
        }
        case ExprType::Item: return subscript(static_cast<const Parts&>(expr));
        case ExprType::Slice: fail("a slice among several subscripts is not supported");
        case ExprType::Call: return callExpression(static_cast<const Call&>(expr), {});
        case ExprType::Filter: return filter(static_cast<const Applied&>(expr), nullptr);
        case ExprType::Test: {
            const auto& node = static_cast<const Applied&>(expr);
            const Value input = eval(*node.input);
            Arguments arguments = evalArguments(node.arguments);
            m_line = expr.line;
            return Value::boolean(applyTest(node.name, input, std::move(arguments)));
        }
        case ExprType::NamespaceTarget: break;
    }
    fail("a namespace attribute is only assigned to");
}

bool Interpreter::truth(const Expr& expr) { return truthy(m_budget, eval(expr)); }

std::vector<Value> Interpreter::evalAll(const std::vector<ExprPtr>& parts) {
    std::vector<Value> out;
    out.reserve(parts.size());
    for (const ExprPtr& part : parts) out.push_back(eval(*part));
    return out;
}

Value Interpreter::name(const Name& node) {
    m_line = node.line;
    const Value& value = slot(node.slot);
    return value.missing() ? makeUndefined(shownName(node.name) + " is undefined") : value;
}

Value Interpreter::variable(const std::string& variableName) {
    const auto it = m_variables.find(variableName);
    return it != m_variables.end() ? it->second : findGlobal(variableName);
}

Value Interpreter::dictLiteral(const Parts& node) {
    auto dict = std::make_shared<DictObject>(m_budget);
    for (std::size_t i = 0; i + 1 < node.parts.size(); i += 2) {
        Value key = eval(*node.parts[i]);
        dict->set(std::move(key), eval(*node.parts[i + 1]));
    }
    return makeDict(std::move(dict));
}

Value Interpreter::logical(const Parts& node) {
    Value left = eval(*node.parts[0]);
    if (truthy(m_budget, left) == (node.type == ExprType::Or)) return left;
    return eval(*node.parts[1]);
}

Value Interpreter::condition(const Parts& node) {
    if (truth(*node.parts[0])) return eval(*node.parts[1]);
    if (node.parts[2]) return eval(*node.parts[2]);
    return makeUndefined("the inline if-expression on line " + std::to_string(node.line) +
                         " evaluated to false and no else section was defined.");
}

bool Interpreter::compareOnce(const std::string& op, const Value& left, const Value& right) {
    if (op == "==") return equal(m_budget, left, right);
    if (op == "!=") return !equal(m_budget, left, right);
    if (op == "in") return contains(*this, right, left);
    if (op == "not in") return !contains(*this, right, left);
    if (op == "<") return less(m_budget, left, right, op);
    if (op == ">") return greater(m_budget, left, right, op);
    if (op == "<=") return lessOrEqual(m_budget, left, right, op);
    return greaterOrEqual(m_budget, left, right, op);
}

// a < b < c holds when both do; b is computed once.
Value Interpreter::comparison(const Compare& node) {
    Value left = eval(*node.first);
    for (const auto& [op, operand] : node.rest) {
        Value right = eval(*operand);
        m_line = node.line;
        if (!compareOnce(op, left, right)) return Value::boolean(false);
        left = std::move(right);
    }
    return Value::boolean(true);
}

Value Interpreter::concatenation(const Parts& node) {
    Text out;
    for (const ExprPtr& part : node.parts) {
        const Value value = eval(*part);
        if (value.isString()) out.append(value.text());
        else out.append(toText(m_budget, value));
        checkTextBytes(out.size());
    }
    return makeText(m_budget, std::move(out));
}

Value Interpreter::subscript(const Parts& node) {
    const Value object = eval(*node.parts[0]);
    const Expr& index = *node.parts[1];
    if (index.type != ExprType::Slice) {
        const Value key = eval(index);
        m_line = node.line;
        return item(object, key);
    }
    const auto& parts = static_cast<const Parts&>(index).parts;
    const auto part = [&](std::size_t i) { return parts[i] ? eval(*parts[i]) : Value::none(); };
    const Value start = part(0), stop = part(1), step = part(2);
    m_line = node.line;
    return sliced(*this, object, start, stop, step);
}

Arguments Interpreter::evalArguments(const CallArguments& given) {
    Arguments out;
    out.positional = evalAll(given.positional);
    for (const auto& [argumentName, value] : given.named) out.named.emplace_back(argumentName, eval(*value));
    if (given.spread) {
        for (Value& value : collect(*this, eval(*given.spread))) {
            m_budget.steps(1);
            out.positional.push_back(std::move(value));
        }
    }
    if (given.namedSpread) {
        const Value names = eval(*given.namedSpread);
        if (!names.is(Kind::Dict)) fail("argument after ** must be a mapping, not " + typeName(names));
        for (const auto& [key, value] : names.dict().entries) {
            if (!key.isString()) fail("keywords must be strings");
            m_budget.steps(1 + out.named.size() / 8);
            for (const auto& [other, unused] : out.named) {
                if (other == key.bytes()) fail("got multiple values for keyword argument " + shownName(other));
            }
            out.named.emplace_back(key.bytes(), value);
        }
    }
    return out;
}

Value Interpreter::callExpression(const Call& node, Value caller) {
    const Value callee = eval(*node.callee);
    Arguments arguments = evalArguments(node.arguments);
    if (!caller.missing()) arguments.named.emplace_back("caller", std::move(caller));
    m_line = node.line;
    return call(callee, std::move(arguments));
}

Value Interpreter::call(const Value& callee, Arguments arguments) {
    const Level level(m_budget);
    m_budget.steps(1);
    if (callee.undefined()) failUndefined(callee);
    if (callee.is(Kind::Loop)) fail("The loop must have the 'recursive' marker to be called recursively.");
    if (!callee.is(Kind::Callable)) fail("'" + typeName(callee) + "' object is not callable");
    return callee.as<CallableObject>().call(*this, std::move(arguments));
}

Value Interpreter::filter(const Applied& node, const Value* blockText) {
    // In a chain the innermost filter has no input of its own.
    Value input;
    if (!node.input) input = *blockText;
    else if (blockText != nullptr) input = filter(static_cast<const Applied&>(*node.input), blockText);
    else input = eval(*node.input);
    Arguments arguments = evalArguments(node.arguments);
    m_line = node.line;
    return applyFilter(node.name, input, std::move(arguments));
}

Value Interpreter::applyFilter(const std::string& filterName, const Value& input, Arguments arguments) {
    const Level level(m_budget);
    m_budget.steps(1);
    const FilterFunction function = findFilter(filterName);
    if (function == nullptr) fail("there is no filter named " + shownName(filterName));
    return function(*this, input, arguments);
}

bool Interpreter::applyTest(const std::string& testName, const Value& input, Arguments arguments) {
    const Level level(m_budget);
    m_budget.steps(1);
    const TestFunction function = findTest(testName);
    if (function == nullptr) fail("there is no test named " + shownName(testName));
    return function(*this, input, arguments);
}

}  // namespace larder::text::jinja
