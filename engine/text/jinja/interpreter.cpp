#include "engine/text/jinja/interpreter.h"

#include <utility>

#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/loop.h"
#include "engine/text/jinja/macro.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {

Interpreter::Interpreter(const Program& program, Budget& budget, Variables variables, const std::tm& now)
    : m_program(program), m_budget(budget), m_variables(std::move(variables)), m_now(now) {}

Interpreter::~Interpreter() {
    for (const auto& activation : m_activations) {
        for (Value& value : activation->slots) value = Value();
    }
    for (const Kept& kept : m_kept) kept.forget();
}

void Interpreter::keep(std::shared_ptr<Object> object, std::function<void()> forget) {
    m_budget.hold(sizeof(Kept) + 64);
    m_kept.push_back({std::move(object), std::move(forget)});
}

Text Interpreter::run() {
    Text output;
    m_output = &output;
    m_activation = std::make_shared<Activation>();
    m_activation->slots.resize(static_cast<std::size_t>(m_program.slots));
    try {
        enterScope(m_program.scope);
        body(m_program.body);
    } catch (Failure& failure) {
        if (failure.line == 0) failure.line = m_line;
        throw;
    }
    return output;
}

Value& Interpreter::slot(const Slot& place) {
    Activation* activation = m_activation.get();
    for (int hop = 0; hop < place.hops; ++hop) activation = activation->outer.get();
    return activation->slots[static_cast<std::size_t>(place.index)];
}

void Interpreter::write(const Text& text) {
    m_budget.bytes(text.size());
    checkTextBytes(m_output->size() + text.size());
    m_output->append(text);
}

void Interpreter::enterScope(const Scope& scope) {
    m_budget.steps(scope.loads.size() / 8);
    for (const Load& load : scope.loads) {
        Value value;
        if (load.from == LoadFrom::Variables) value = variable(load.name);
        else if (load.from == LoadFrom::Slot) value = slot(load.slot);
        m_activation->slots[static_cast<std::size_t>(load.index)] = std::move(value);
    }
}

void Interpreter::leaveScope(const Scope& scope) {
    m_budget.steps(scope.slots.size() / 8);
    for (const int index : scope.slots) m_activation->slots[static_cast<std::size_t>(index)] = Value();
}

Interpreter::Flow Interpreter::body(const Body& statements) {
    const Level level(m_budget);
    for (const auto& node : statements) {
        const Flow flow = statement(*node);
        if (flow != Flow::Normal) return flow;
    }
    return Flow::Normal;
}

Interpreter::Flow Interpreter::statement(const Statement& node) {
    m_budget.steps(1);
    m_line = node.line;
    switch (node.type) {
        case StatementType::Output: print(static_cast<const Output&>(node)); break;
        case StatementType::For: return loop(static_cast<const For&>(node));
        case StatementType::If: return branch(static_cast<const If&>(node));
        case StatementType::Set: set(static_cast<const Set&>(node)); break;
        case StatementType::SetBlock: return setBlock(static_cast<const SetBlock&>(node));
        case StatementType::Macro: {
            const auto& definition = static_cast<const Macro&>(node);
            slot(definition.slot) = macro(definition.function);
            break;
        }
        case StatementType::CallBlock: callBlock(static_cast<const CallBlock&>(node)); break;
        case StatementType::FilterBlock: return filterBlock(static_cast<const FilterBlock&>(node));
        case StatementType::With: return with(static_cast<const With&>(node));
        case StatementType::Break: return Flow::Break;
        case StatementType::Continue: return Flow::Continue;
    }
    return Flow::Normal;
}

void Interpreter::print(const Output& node) {
    for (const ExprPtr& part : node.parts) {
        if (part->type == ExprType::Constant && static_cast<const Constant&>(*part).value.isString()) {
            write(static_cast<const Constant&>(*part).value.text());
            continue;
        }
        const Value value = eval(*part);
        if (value.isString()) write(value.text());
        else write(toText(m_budget, value));
    }
}

Interpreter::Flow Interpreter::branch(const If& node) {
    for (const auto& [test, statements] : node.branches) {
        if (truth(*test)) return body(statements);
    }
    return body(node.otherwise);
}

// Items that pass the loop's `if`, looked at only when the loop asks for them.
IteratorObject::Next Interpreter::filtered(const For& node, IteratorObject::Next items) {
    enterScope(node.testScope);
    // A macro may ask the loop for its next item: the test still runs among the loop's own variables.
    return [this, &node, items = std::move(items), home = std::weak_ptr<Activation>(m_activation)](Value& out) {
        std::shared_ptr<Activation> activation = home.lock();
        if (!activation) fail("a loop was used after its macro had ended");
        std::swap(m_activation, activation);
        bool found = false;
        while (!found && items(out)) {
            assign(*node.testTarget, out);
            found = truth(*node.test);
        }
        std::swap(m_activation, activation);
        return found;
    };
}

Interpreter::Flow Interpreter::loop(const For& node) {
    Value over = eval(*node.iterable);
    IteratorObject::Next next = iterate(*this, over);
    if (node.test) next = filtered(node, std::move(next));
    std::shared_ptr<LoopObject> loopObject;
    if (node.usesLoop) loopObject = std::make_shared<LoopObject>(node.test ? Value() : over, next);
    bool any = false;
    for (Value item; loopObject ? loopObject->advance(item) : next(item);) {
        m_budget.steps(1);
        if (loopObject) slot(node.loop) = Value(Kind::Loop, loopObject);
        assign(*node.target, std::move(item));
        enterScope(node.scope);
        const Flow flow = body(node.body);
        if (flow == Flow::Break) break;
        // `break` and `continue` jump over the mark that the loop ran, in jinja2's own code too.
        if (flow == Flow::Normal) any = true;
    }
    leaveScope(node.scope);
    leaveScope(node.testScope);
    if (any || node.otherwise.empty()) return Flow::Normal;
    enterScope(node.otherwiseScope);
    const Flow flow = body(node.otherwise);
    leaveScope(node.otherwiseScope);
    return flow;
}

Interpreter::Flow Interpreter::with(const With& node) {
    enterScope(node.scope);
    for (std::size_t i = 0; i < node.targets.size(); ++i) assign(*node.targets[i], eval(*node.values[i]));
    const Flow flow = body(node.body);
    leaveScope(node.scope);
    return flow;
}

Interpreter::Flow Interpreter::captured(const Body& statements, Text& into) {
    Text* const output = std::exchange(m_output, &into);
    const Flow flow = body(statements);
    m_output = output;
    return flow;
}

void Interpreter::set(const Set& node) {
    checkNamespaces(*node.target);
    assign(*node.target, eval(*node.value));
}

Interpreter::Flow Interpreter::setBlock(const SetBlock& node) {
    enterScope(node.scope);
    Text text;
    const Flow flow = captured(node.body, text);
    if (flow != Flow::Normal) return flow;
    Value value = makeText(m_budget, std::move(text));
    if (node.filter) value = filter(static_cast<const Applied&>(*node.filter), &value);
    checkNamespaces(*node.target);
    assign(*node.target, std::move(value));
    leaveScope(node.scope);
    return Flow::Normal;
}

Interpreter::Flow Interpreter::filterBlock(const FilterBlock& node) {
    enterScope(node.scope);
    Text text;
    const Flow flow = captured(node.body, text);
    if (flow != Flow::Normal) return flow;
    const Value input = makeText(m_budget, std::move(text));
    write(toText(m_budget, filter(static_cast<const Applied&>(*node.filter), &input)));
    leaveScope(node.scope);
    return Flow::Normal;
}

void Interpreter::callBlock(const CallBlock& node) {
    Value caller = macro(node.function);
    const Value result = node.call ? callExpression(static_cast<const Call&>(*node.call), std::move(caller))
                                   : call(caller, {});
    write(toText(m_budget, result));
}

Value Interpreter::macro(const Function& function) {
    if (!m_activation->kept) {
        m_budget.hold(sizeof(Activation) + m_activation->slots.size() * sizeof(Value));
        m_activation->kept = true;
        m_activations.push_back(m_activation);
    }
    return Value(Kind::Callable, std::make_shared<MacroObject>(function, m_activation));
}

void Interpreter::setDefault(Value& place, const Function& function, std::size_t parameter) {
    if (!place.missing()) return;
    const std::size_t without = function.parameters.size() - function.defaults.size();
    if (parameter >= without) {
        Value value = eval(*function.defaults[parameter - without]);
        slot(function.parameters[parameter]->slot) = std::move(value);
    } else {
        place = makeUndefined("parameter " + quotedRepr(function.parameters[parameter]->name) + " was not provided");
    }
}

Value Interpreter::runFunction(const Function& function, const std::shared_ptr<Activation>& outer,
                               const std::function<void(Activation&)>& setParameters) {
    const Level level(m_budget);
    m_budget.steps(1 + static_cast<std::uint64_t>(function.slots) / 16);
    auto activation = std::make_shared<Activation>();
    activation->slots.resize(static_cast<std::size_t>(function.slots));
    activation->outer = outer;
    const std::shared_ptr<Activation> caller = std::exchange(m_activation, activation);
    const int line = m_line;
    enterScope(function.scope);
    setParameters(*activation);
    for (std::size_t i = 0; i < function.parameters.size(); ++i) {
        setDefault(slot(function.parameters[i]->slot), function, i);
    }
    Text text;
    captured(function.body, text);
    m_activation = caller;
    m_line = line;
    return makeText(m_budget, std::move(text));
}

void Interpreter::checkNamespaces(const Expr& target) {
    if (target.type == ExprType::Tuple) {
        for (const ExprPtr& part : static_cast<const Parts&>(target).parts) checkNamespaces(*part);
    } else if (target.type == ExprType::NamespaceTarget) {
        if (!slot(static_cast<const NamespaceTarget&>(target).slot).is(Kind::Namespace)) {
            fail("cannot assign attribute on non-namespace object");
        }
    }
}

void Interpreter::assign(const Expr& target, Value value) {
    if (target.type == ExprType::Name) {
        slot(static_cast<const Name&>(target).slot) = std::move(value);
        return;
    }
    if (target.type == ExprType::NamespaceTarget) {
        const auto& node = static_cast<const NamespaceTarget&>(target);
        const Value object = slot(node.slot);
        if (!object.is(Kind::Namespace)) fail("cannot assign attribute on non-namespace object");
        object.as<NamespaceObject>().attributes->set(makeString(m_budget, node.attribute, true), std::move(value));
        return;
    }
    const auto& parts = static_cast<const Parts&>(target).parts;
    if (!iterable(value)) fail("cannot unpack non-iterable " + typeName(value) + " object");
    const std::vector<Value> items = collect(*this, value);
    if (items.size() < parts.size()) {
        fail("not enough values to unpack (expected " + std::to_string(parts.size()) + ", got " +
             std::to_string(items.size()) + ")");
    }
    if (items.size() > parts.size()) fail("too many values to unpack (expected " + std::to_string(parts.size()) + ")");
    for (std::size_t i = 0; i < parts.size(); ++i) assign(*parts[i], items[i]);
}

}  // namespace larder::text::jinja
