// Python's operators over values: arithmetic, comparison, membership, iteration, subscripts. One thread at a time.
// All throw Failure with Python's words where Python raises.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/text/jinja/objects.h"

namespace larder::text::jinja {

Value arithmetic(Interpreter& interpreter, std::string_view op, const Value& left, const Value& right);
Value negate(const Value& value);
Value plus(const Value& value);

// op: how the comparison was written, for the complaint about values that have no order.
bool less(Budget& budget, const Value& left, const Value& right, std::string_view op = "<");
bool greater(Budget& budget, const Value& left, const Value& right, std::string_view op = ">");
bool lessOrEqual(Budget& budget, const Value& left, const Value& right, std::string_view op = "<=");
bool greaterOrEqual(Budget& budget, const Value& left, const Value& right, std::string_view op = ">=");
bool contains(Interpreter& interpreter, const Value& container, const Value& item);

// A function that gives the items one after the other.
IteratorObject::Next iterate(Interpreter& interpreter, const Value& value);
// The same, but what cannot be iterated over fails only when the first item is asked for, as in Python's generators.
IteratorObject::Next iterateLazily(Interpreter& interpreter, const Value& value);
bool iterable(const Value& value);
std::vector<Value> collect(Interpreter& interpreter, const Value& value);  // list(value)
std::optional<std::int64_t> length(const Value& value);                    // nullopt: it has none
std::int64_t requiredLength(const Value& value);

Value range(Interpreter& interpreter, std::int64_t start, std::int64_t stop, std::int64_t step);
std::int64_t rangeItem(const RangeObject& range, std::int64_t index);

// value[start:stop:step]; parts may be none.
Value sliced(Interpreter& interpreter, const Value& value, const Value& start, const Value& stop, const Value& step);

// Byte offset of the code point at index; index is in [0, length].
std::size_t byteOffset(Budget& budget, const StringObject& string, std::size_t index);

[[noreturn]] void failUndefined(const Value& undefined);

}  // namespace larder::text::jinja
