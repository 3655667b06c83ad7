#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/text/jinja/attribute_path.h"
#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {
namespace {

bool flag(Interpreter& interpreter, const Value& value) {
    return !value.missing() && truthy(interpreter.budget(), value);
}

Value lengthFilter(Interpreter&, const Value& input, Arguments& arguments) {
    bind("length", arguments, {});
    return Value::integer(requiredLength(input));
}

Value firstFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("first", arguments, {});
    Value item;
    return iterate(interpreter, input)(item) ? item : makeUndefined("No first item, sequence was empty.");
}

Value lastFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("last", arguments, {});
    if (input.is(Kind::Iterator) || input.is(Kind::Loop) || !iterable(input)) {
        fail("'" + typeName(input) + "' object is not reversible");
    }
    const std::int64_t size = requiredLength(input);
    if (size == 0) return makeUndefined("No last item, sequence was empty.");
    if (input.is(Kind::Dict) || input.is(Kind::View)) return collect(interpreter, input).back();
    return interpreter.item(input, Value::integer(size - 1));
}

Value listFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("list", arguments, {});
    return makeList(interpreter.budget(), collect(interpreter, input));
}

Value itemsFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("items", arguments, {});
    if (input.undefined()) return makeIterator([](Value&) { return false; }, 0);
    if (!input.is(Kind::Dict)) fail("Can only get item pairs from a mapping.");
    auto next = [&budget = interpreter.budget(), input, at = std::size_t{0}](Value& out) mutable {
        const auto& entries = input.dict().entries;
        if (at >= entries.size()) return false;
        out = makeTuple(budget, {entries[at].first, entries[at].second});
        ++at;
        return true;
    };
    return makeIterator(std::move(next), input.depth());
}

// Stable; equal items keep their order also when reversed.
template <class Key, class Less>
std::vector<Value> sortedBy(Budget& budget, std::vector<Value> values, Key key, Less isLess, bool reverse) {
    using Keyed = std::pair<decltype(key(values.front())), Value>;
    const Held held(budget, values.size() * 2 * (sizeof(Keyed) + sizeof(Value)));  // std::stable_sort takes as much again
    std::vector<Keyed> keyed;
    keyed.reserve(values.size());
    for (Value& value : values) {
        auto k = key(value);
        keyed.emplace_back(std::move(k), std::move(value));
    }
    std::stable_sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
        return reverse ? isLess(b.first, a.first) : isLess(a.first, b.first);
    });
    std::vector<Value> out;
    out.reserve(keyed.size());
    for (Keyed& entry : keyed) out.push_back(std::move(entry.second));
    return out;
}

Value dictsortFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("dictsort", arguments, {"case_sensitive", "by", "reverse"});
    const bool caseSensitive = flag(interpreter, given[0]);
    const std::string by = given[1].missing() ? "key" : textArgument("dictsort()", given[1]).bytes();
    if (by != "key" && by != "value") fail("You can only sort by either \"key\" or \"value\"");
    if (input.undefined()) failUndefined(input);
    if (!input.is(Kind::Dict)) fail("'" + typeName(input) + "' object has no attribute 'items'");
    std::vector<Value> pairs;
    for (const auto& [key, value] : input.dict().entries)
        pairs.push_back(makeTuple(interpreter.budget(), {key, value}));
    const auto key = [&](const Value& pair) {
        const Value& part = pair.items()[by == "key" ? 0 : 1];
        return caseSensitive ? part : ignoringCase(interpreter, part);
    };
    const auto isLess = [&](const Value& a, const Value& b) { return less(interpreter.budget(), a, b); };
    return makeList(interpreter.budget(), sortedBy(interpreter.budget(), std::move(pairs), key, isLess, flag(interpreter, given[2])));
}

Value sortFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("sort", arguments, {"reverse", "case_sensitive", "attribute"});
    const bool caseSensitive = flag(interpreter, given[1]);
    const std::vector<AttributePath> paths = AttributePath::several(interpreter, given[2]);
    const auto key = [&](const Value& item) {
        std::vector<Value> out;
        for (const AttributePath& path : paths) {
            Value part = path.of(interpreter, item);
            out.push_back(caseSensitive ? std::move(part) : ignoringCase(interpreter, part));
        }
        return out;
    };
    const auto isLess = [&](const std::vector<Value>& a, const std::vector<Value>& b) {
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (!equal(interpreter.budget(), a[i], b[i])) return less(interpreter.budget(), a[i], b[i]);
        }
        return false;
    };
    std::vector<Value> values = collect(interpreter, input);
    return makeList(interpreter.budget(), sortedBy(interpreter.budget(), std::move(values), key, isLess, flag(interpreter, given[0])));
}

Value uniqueFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("unique", arguments, {"case_sensitive", "attribute"});
    const bool caseSensitive = flag(interpreter, given[0]);
    auto seen = std::make_shared<DictObject>(interpreter.budget());
    auto next = [run = &interpreter, caseSensitive, seen, path = AttributePath(interpreter, given[1]),
                 all = iterateLazily(interpreter, input)](Value& out) {
        while (all(out)) {
            Value key = path.of(*run, out);
            if (!caseSensitive) key = ignoringCase(*run, key);
            if (seen->find(key) != nullptr) continue;
            seen->set(std::move(key), Value::none());
            return true;
        }
        return false;
    };
    return makeIterator(std::move(next), input.depth());
}

Value reverseFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("reverse", arguments, {});
    if (input.isString()) return sliced(interpreter, input, Value::none(), Value::none(), Value::integer(-1));
    if (!iterable(input)) fail("argument must be iterable");
    std::vector<Value> values = collect(interpreter, input);
    std::reverse(values.begin(), values.end());
    if (input.is(Kind::Iterator)) return makeList(interpreter.budget(), std::move(values));
    const std::string type = input.is(Kind::List) ? "list_reverseiterator" : "reversed";
    Value kept = makeList(interpreter.budget(), std::move(values));
    return makeIterator(
        [kept, at = std::size_t{0}](Value& out) mutable {
            if (at >= kept.items().size()) return false;
            out = kept.items()[at++];
            return true;
        },
        kept.depth(), type);
}

Value listIterator(Interpreter& interpreter, std::vector<Value> values) {
    const Value kept = makeList(interpreter.budget(), std::move(values));
    return makeIterator(
        [kept, at = std::size_t{0}](Value& out) mutable {
            if (at >= kept.items().size()) return false;
            out = kept.items()[at++];
            return true;
        },
        kept.depth());
}

Value batchFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("batch", arguments, {"linecount", "fill_with"}, 1);
    const std::int64_t count = integerArgument(given[0]);
    std::vector<Value> out, row;
    for (Value& item : collect(interpreter, input)) {
        if (static_cast<std::int64_t>(row.size()) == count)
            out.push_back(makeList(interpreter.budget(), std::exchange(row, {})));
        row.push_back(std::move(item));
    }
    if (!row.empty()) {
        if (!given[1].missing() && !given[1].isNone() && static_cast<std::int64_t>(row.size()) < count) {
            const auto missing = static_cast<std::uint64_t>(count) - row.size();
            interpreter.budget().steps(missing);
            row.insert(row.end(), missing, given[1]);
        }
        out.push_back(makeList(interpreter.budget(), std::move(row)));
    }
    return listIterator(interpreter, std::move(out));
}

Value sliceFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("slice", arguments, {"slices", "fill_with"}, 1);
    const std::int64_t slices = integerArgument(given[0]);
    const std::vector<Value> all = collect(interpreter, input);
    if (slices == 0) fail("integer division or modulo by zero");
    std::vector<Value> out;
    const auto size = static_cast<std::int64_t>(all.size());
    std::int64_t start = 0;
    for (std::int64_t i = 0; i < slices; ++i) {
        interpreter.budget().steps(1);
        const bool extra = i < size % slices;
        const std::int64_t end = start + size / slices + (extra ? 1 : 0);
        std::vector<Value> part(all.begin() + start, all.begin() + end);
        if (!extra && !given[1].missing() && !given[1].isNone()) part.push_back(given[1]);
        out.push_back(makeList(interpreter.budget(), std::move(part)));
        start = end;
    }
    return listIterator(interpreter, std::move(out));
}

Value groupbyFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("groupby", arguments, {"attribute", "default", "case_sensitive"}, 1);
    const AttributePath path(interpreter, given[0]);
    const bool caseSensitive = flag(interpreter, given[2]);
    Budget& budget = interpreter.budget();
    const auto realKey = [&](const Value& item) { return path.of(interpreter, item, given[1]); };
    const auto key = [&](const Value& item) {
        return caseSensitive ? realKey(item) : ignoringCase(interpreter, realKey(item));
    };
    const auto isLess = [&](const Value& a, const Value& b) { return less(budget, a, b); };
    std::vector<Value> out, group;
    const auto close = [&] {
        if (group.empty()) return;
        Value name = realKey(group.front());
        Value tuple = makeTuple(budget, {std::move(name), makeList(budget, std::exchange(group, {}))});
        tuple.as<ListObject>().group = true;
        out.push_back(std::move(tuple));
    };
    for (Value& item : sortedBy(budget, collect(interpreter, input), key, isLess, false)) {
        if (!group.empty() && !equal(budget, key(group.front()), key(item))) close();
        group.push_back(std::move(item));
    }
    close();
    return makeList(budget, std::move(out));
}

Value extreme(Interpreter& interpreter, const Value& input, Arguments& arguments, const char* name, bool largest) {
    const auto given = bind(name, arguments, {"case_sensitive", "attribute"});
    const AttributePath path(interpreter, given[1]);
    const bool caseSensitive = flag(interpreter, given[0]);
    const IteratorObject::Next next = iterate(interpreter, input);
    Value best, bestKey;
    for (Value item; next(item);) {
        Value key = path.of(interpreter, item);
        if (!caseSensitive) key = ignoringCase(interpreter, key);
        if (!best.missing()) {
            const bool better =
                largest ? greater(interpreter.budget(), key, bestKey) : less(interpreter.budget(), key, bestKey);
            if (!better) continue;
        }
        best = std::move(item);
        bestKey = std::move(key);
    }
    return best.missing() ? makeUndefined("No aggregated item, sequence was empty.") : best;
}

Value minFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return extreme(interpreter, input, arguments, "min", false);
}
Value maxFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return extreme(interpreter, input, arguments, "max", true);
}

Value sumFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("sum", arguments, {"attribute", "start"});
    const AttributePath path(interpreter, given[0]);
    Value total = given[1].missing() ? Value::integer(0) : given[1];
    if (total.isString()) fail("sum() can't sum strings [use ''.join(seq) instead]");
    const IteratorObject::Next next = iterate(interpreter, input);
    for (Value item; next(item);) total = arithmetic(interpreter, "+", total, path.of(interpreter, item));
    return total;
}

struct SequenceEntry {
    std::string_view name;
    FilterFunction function;
};

constexpr SequenceEntry kSequenceFilters[] = {
    {"length", lengthFilter},   {"count", lengthFilter},    {"first", firstFilter},       {"last", lastFilter},
    {"list", listFilter},       {"items", itemsFilter},     {"dictsort", dictsortFilter}, {"sort", sortFilter},
    {"unique", uniqueFilter},   {"reverse", reverseFilter}, {"batch", batchFilter},       {"slice", sliceFilter},
    {"groupby", groupbyFilter}, {"min", minFilter},         {"max", maxFilter},           {"sum", sumFilter},
};

}  // namespace

FilterFunction findSequenceFilter(std::string_view name) {
    for (const SequenceEntry& entry : kSequenceFilters) {
        if (entry.name == name) return entry.function;
    }
    return nullptr;
}

}  // namespace larder::text::jinja
