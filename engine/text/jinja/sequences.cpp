#include <algorithm>
#include <string>

#include "engine/base/utf8.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/loop.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"
#include "engine/text/jinja/text_operations.h"

namespace larder::text::jinja {
namespace {

constexpr std::int64_t kMaxRange = 100000;  // jinja2's sandbox refuses more as well

// The start, step and number of items of a slice of a sequence, Python's way.
struct SliceShape {
    std::int64_t start = 0, step = 1, count = 0;
};

SliceShape shapeOf(std::int64_t length, const Value& start, const Value& stop, const Value& step) {
    const auto given = [](const Value& value) { return !value.isNone() && !value.missing(); };
    for (const Value* part : {&start, &stop, &step}) {
        if (given(*part) && !part->isIntegral()) {
            fail("slice indices must be integers or None or have an __index__ method");
        }
    }
    SliceShape shape;
    shape.step = given(step) ? step.integer() : 1;
    if (shape.step == 0) fail("slice step cannot be zero");
    const bool down = shape.step < 0;
    const std::int64_t lowest = down ? -1 : 0, highest = down ? length - 1 : length;
    const auto clipped = [&](const Value& value, std::int64_t otherwise) {
        if (!given(value)) return otherwise;
        std::int64_t at = value.integer();
        if (at < 0) at = at < -length ? lowest : at + length;
        return std::clamp(at, lowest, highest);
    };
    shape.start = clipped(start, down ? highest : lowest);
    const std::int64_t end = clipped(stop, down ? lowest : highest);
    const std::int64_t distance = down ? shape.start - end : end - shape.start;
    if (distance <= 0) return shape;
    // The magnitude is taken unsigned: the smallest step has no opposite.
    const std::uint64_t stride =
        down ? 0 - static_cast<std::uint64_t>(shape.step) : static_cast<std::uint64_t>(shape.step);
    shape.count = static_cast<std::int64_t>((static_cast<std::uint64_t>(distance) - 1) / stride) + 1;
    return shape;
}

Value slicedText(Budget& budget, const StringObject& string, const SliceShape& shape) {
    if (shape.count == 0) return makeText(budget, {}, string.markup);
    if (shape.step == 1) {
        const std::size_t first = byteOffset(budget, string, static_cast<std::size_t>(shape.start));
        const std::size_t last = byteOffset(budget, string, static_cast<std::size_t>(shape.start + shape.count));
        return makeText(budget, string.text.slice(first, last), string.markup);
    }
    budget.steps(static_cast<std::uint64_t>(shape.count));
    const Held held(budget, (string.length() + 1) * sizeof(std::uint32_t));
    std::vector<std::uint32_t> offsets;  // of every code point
    offsets.reserve(string.length() + 1);
    budget.characters(string.text.size());
    for (std::size_t at = 0; at < string.text.size(); at += base::decodeUtf8(string.text.bytes(), at).bytes) {
        offsets.push_back(static_cast<std::uint32_t>(at));
    }
    offsets.push_back(static_cast<std::uint32_t>(string.text.size()));
    Text out;
    for (std::int64_t i = 0, at = shape.start; i < shape.count; ++i, at += shape.step) {
        out.append(string.text, offsets[static_cast<std::size_t>(at)], offsets[static_cast<std::size_t>(at) + 1]);
        if (i + 1 == shape.count) break;  // a huge step must not overflow
    }
    return makeText(budget, std::move(out), string.markup);
}

template <class Item>
IteratorObject::Next counted(Interpreter& interpreter, std::size_t count, Item item) {
    return [&budget = interpreter.budget(), count, item, at = std::size_t{0}](Value& out) mutable {
        if (at >= count) return false;
        budget.steps(1);
        out = item(at++);
        return true;
    };
}

}  // namespace

bool contains(Interpreter& interpreter, const Value& container, const Value& item) {
    Budget& budget = interpreter.budget();
    switch (container.kind()) {
        case Kind::String:
            if (!item.isString()) fail("'in <string>' requires string as left operand, not " + typeName(item));
            budget.bytes(container.bytes().size());
            return find(budget, container.bytes(), item.bytes()) != std::string::npos;
        case Kind::Dict: budget.steps(1); return container.dict().find(item) != nullptr;
        case Kind::View:
            if (container.as<ViewObject>().what == ViewOf::Keys) {
                budget.steps(1);
                return container.as<ViewObject>().dict.dict().find(item) != nullptr;
            }
            break;
        default:
            if (!iterable(container)) fail("argument of type '" + typeName(container) + "' is not iterable");
    }
    const IteratorObject::Next next = iterate(interpreter, container);
    for (Value candidate; next(candidate);) {
        if (equal(budget, candidate, item)) return true;
    }
    return false;
}

bool iterable(const Value& value) {
    switch (value.kind()) {
        case Kind::Undefined:
        case Kind::String:
        case Kind::List:
        case Kind::Tuple:
        case Kind::Dict:
        case Kind::Range:
        case Kind::View:
        case Kind::Loop:
        case Kind::Iterator: return true;
        default: return false;
    }
}

IteratorObject::Next iterate(Interpreter& interpreter, const Value& value) {
    Budget& budget = interpreter.budget();
    switch (value.kind()) {
        case Kind::Undefined: return [](Value&) { return false; };
        case Kind::String:
            return [&budget, value, at = std::size_t{0}](Value& out) mutable {
                const std::size_t bytes = base::decodeUtf8(value.bytes(), at).bytes;
                if (bytes == 0) return false;
                out = makeText(budget, value.text().slice(at, at + bytes), value.string().markup);
                at += bytes;
                return true;
            };
        case Kind::List:
        case Kind::Tuple:
            return counted(interpreter, value.items().size(), [value](std::size_t at) { return value.items()[at]; });
        case Kind::Dict:
            return counted(interpreter, value.dict().entries.size(),
                           [value](std::size_t at) { return value.dict().entries[at].first; });
        case Kind::Range:
            return counted(interpreter, static_cast<std::size_t>(value.as<RangeObject>().length),
                           [value](std::size_t at) {
                               return Value::integer(rangeItem(value.as<RangeObject>(), static_cast<std::int64_t>(at)));
                           });
        case Kind::View: {
            const auto& entries = value.as<ViewObject>().dict.dict().entries;
            return counted(interpreter, entries.size(), [value, &budget](std::size_t at) {
                const auto& view = value.as<ViewObject>();
                const auto& [key, item] = view.dict.dict().entries[at];
                if (view.what == ViewOf::Keys) return key;
                return view.what == ViewOf::Values ? item : makeTuple(budget, {key, item});
            });
        }
        case Kind::Iterator:
            return [&budget, value](Value& out) {
                budget.steps(1);
                const Level level(budget);
                return value.as<IteratorObject>().next(out);
            };
        default: fail("'" + typeName(value) + "' object is not iterable");
    }
}

IteratorObject::Next iterateLazily(Interpreter& interpreter, const Value& value) {
    if (iterable(value)) return iterate(interpreter, value);
    return [type = typeName(value)](Value&) -> bool { fail("'" + type + "' object is not iterable"); };
}

std::vector<Value> collect(Interpreter& interpreter, const Value& value) {
    if (value.is(Kind::List) || value.is(Kind::Tuple)) {
        interpreter.budget().steps(value.items().size() / 16);
        return value.items();
    }
    std::vector<Value> out;
    const IteratorObject::Next next = iterate(interpreter, value);
    for (Value item; next(item);) out.push_back(std::move(item));
    return out;
}

std::optional<std::int64_t> length(const Value& value) {
    switch (value.kind()) {
        case Kind::Undefined: return 0;
        case Kind::String: return static_cast<std::int64_t>(value.string().length());
        case Kind::List:
        case Kind::Tuple: return static_cast<std::int64_t>(value.items().size());
        case Kind::Dict: return static_cast<std::int64_t>(value.dict().entries.size());
        case Kind::View: return static_cast<std::int64_t>(value.as<ViewObject>().dict.dict().entries.size());
        case Kind::Range: return value.as<RangeObject>().length;
        case Kind::Loop: return value.as<LoopObject>().length();
        default: return std::nullopt;
    }
}

std::int64_t requiredLength(const Value& value) {
    const auto size = length(value);
    if (!size) fail("object of type '" + typeName(value) + "' has no len()");
    return *size;
}

Value range(Interpreter& interpreter, std::int64_t start, std::int64_t stop, std::int64_t step) {
    if (step == 0) fail("range() arg 3 must not be zero");
    auto object = std::make_shared<RangeObject>();
    object->start = start;
    object->stop = stop;
    object->step = step;
    const bool down = step < 0;
    if (down ? start > stop : start < stop) {
        const std::uint64_t distance = down ? static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop)
                                            : static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start);
        const std::uint64_t stride = down ? 0 - static_cast<std::uint64_t>(step) : static_cast<std::uint64_t>(step);
        const std::uint64_t count = (distance - 1) / stride + 1;
        if (count > static_cast<std::uint64_t>(kMaxRange)) {
            fail("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
        }
        object->length = static_cast<std::int64_t>(count);
    }
    interpreter.budget().steps(1);
    return Value(Kind::Range, std::move(object));
}

std::int64_t rangeItem(const RangeObject& range, std::int64_t index) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(range.start) +
                                     static_cast<std::uint64_t>(index) * static_cast<std::uint64_t>(range.step));
}

std::size_t byteOffset(Budget& budget, const StringObject& string, std::size_t index) {
    if (string.ascii()) return index;
    budget.characters(index);
    std::size_t at = 0;
    while (index-- > 0) at += base::decodeUtf8(string.text.bytes(), at).bytes;
    return at;
}

Value sliced(Interpreter& interpreter, const Value& value, const Value& start, const Value& stop, const Value& step) {
    Budget& budget = interpreter.budget();
    if (value.undefined()) failUndefined(value);
    if (value.is(Kind::Dict)) fail("unhashable type: 'slice'");
    if (!value.isString() && !value.is(Kind::List) && !value.is(Kind::Tuple) && !value.is(Kind::Range)) {
        fail("'" + typeName(value) + "' object is not subscriptable");
    }
    const SliceShape shape = shapeOf(requiredLength(value), start, stop, step);
    if (value.isString()) return slicedText(budget, value.string(), shape);
    if (value.is(Kind::Range)) {
        const auto& from = value.as<RangeObject>();
        const std::int64_t first = rangeItem(from, shape.start);
        const auto stride =
            static_cast<std::int64_t>(static_cast<std::uint64_t>(from.step) * static_cast<std::uint64_t>(shape.step));
        auto object = std::make_shared<RangeObject>();
        object->start = first;
        object->step = stride;
        object->length = shape.count;
        object->stop = rangeItem(*object, shape.count);
        return Value(Kind::Range, std::move(object));
    }
    std::vector<Value> items;
    budget.steps(static_cast<std::uint64_t>(shape.count) / 16);
    for (std::int64_t i = 0, at = shape.start; i < shape.count; ++i) {
        items.push_back(value.items()[static_cast<std::size_t>(at)]);
        if (i + 1 < shape.count) at += shape.step;
    }
    return value.is(Kind::List) ? makeList(budget, std::move(items)) : makeTuple(budget, std::move(items));
}

}  // namespace larder::text::jinja
