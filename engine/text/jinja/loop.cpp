#include "engine/text/jinja/loop.h"

#include <utility>

#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/operators.h"

namespace larder::text::jinja {
namespace {

Value cycleMethod(Interpreter&, const Value& self, Arguments& arguments) {
    if (arguments.positional.empty()) fail("no items for cycling given");
    const auto count = static_cast<std::int64_t>(arguments.positional.size());
    return arguments.positional[static_cast<std::size_t>(self.as<LoopObject>().index0 % count)];
}

Value changedMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    auto& loop = self.as<LoopObject>();
    Value given = makeTuple(interpreter.budget(), std::move(arguments.positional));
    if (!loop.lastChanged.missing() && equal(interpreter.budget(), loop.lastChanged, given))
        return Value::boolean(false);
    loop.lastChanged = std::move(given);
    return Value::boolean(true);
}

}  // namespace

LoopObject::LoopObject(Value over, IteratorObject::Next items)
    : Object(over.depth() + 1), iterable(std::move(over)), next(std::move(items)) {
    if (depth > kMaxNesting) fail("values are nested too deeply");
}

bool LoopObject::advance(Value& out) {
    if (!m_after.missing()) out = std::exchange(m_after, Value());
    else if (!next(out)) return false;
    ++index0;
    m_before = std::exchange(m_current, out);
    return true;
}

const Value& LoopObject::peek() {
    if (m_after.missing()) {
        Value item;
        if (next(item)) m_after = std::move(item);
    }
    return m_after;
}

std::int64_t LoopObject::length() {
    if (m_length) return *m_length;
    m_length = iterable.missing() ? std::nullopt : jinja::length(iterable);
    if (!m_length) {
        auto rest = std::make_shared<std::vector<Value>>();
        for (Value item; next(item);) rest->push_back(std::move(item));
        m_length = static_cast<std::int64_t>(rest->size()) + index0 + 1 + (m_after.missing() ? 0 : 1);
        next = [rest, at = std::size_t{0}](Value& out) mutable {
            if (at >= rest->size()) return false;
            out = (*rest)[at++];
            return true;
        };
    }
    return *m_length;
}

Value LoopObject::attribute(Interpreter& interpreter, const std::shared_ptr<Object>& self, std::string_view name) {
    if (name == "index") return Value::integer(index0 + 1);
    if (name == "index0") return Value::integer(index0);
    if (name == "first") return Value::boolean(index0 == 0);
    if (name == "last") return Value::boolean(peek().missing());
    if (name == "length") return Value::integer(length());
    if (name == "revindex") return Value::integer(length() - index0);
    if (name == "revindex0") return Value::integer(length() - index0 - 1);
    if (name == "depth") return Value::integer(1);
    if (name == "depth0") return Value::integer(0);
    if (name == "previtem") return index0 == 0 ? makeUndefined("there is no previous item") : m_before;
    if (name == "nextitem") {
        const Value& item = peek();
        return item.missing() ? makeUndefined("there is no next item") : item;
    }
    if (name == "cycle") return boundMethod(interpreter, Value(Kind::Loop, self), "cycle", cycleMethod);
    if (name == "changed") {
        // What it remembers may lead back to the loop.
        interpreter.keep(self, [this] { lastChanged = Value(); });
        return boundMethod(interpreter, Value(Kind::Loop, self), "changed", changedMethod);
    }
    return {};
}

}  // namespace larder::text::jinja
