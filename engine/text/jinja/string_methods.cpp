#include <algorithm>
#include <string>

#include "engine/text/jinja/brace_format.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"
#include "engine/text/jinja/text_operations.h"

namespace larder::text::jinja {
namespace {

Value made(Interpreter& interpreter, const Value& self, Text text) {
    return makeText(interpreter.budget(), std::move(text), self.string().markup);
}

Value listOf(Interpreter& interpreter, const Value& self, std::vector<Text> texts) {
    std::vector<Value> items;
    items.reserve(texts.size());
    for (Text& text : texts) items.push_back(made(interpreter, self, std::move(text)));
    return makeList(interpreter.budget(), std::move(items));
}

Value stripWith(Interpreter& interpreter, const Value& self, Arguments& arguments, const char* name, Side side) {
    const auto given = bind(name, arguments, {"/chars"});
    std::optional<std::string_view> chars;
    if (!given[0].missing() && !given[0].isNone()) chars = textArgument(std::string(name) + "()", given[0]).bytes();
    return made(interpreter, self, stripped(interpreter.budget(), self.text(), chars, side));
}

Value stripMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return stripWith(interpreter, self, arguments, "strip", Side::Both);
}
Value lstripMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return stripWith(interpreter, self, arguments, "lstrip", Side::Left);
}
Value rstripMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return stripWith(interpreter, self, arguments, "rstrip", Side::Right);
}

struct SplitArguments {
    std::optional<std::string> separator;
    std::int64_t most = -1;
};

SplitArguments splitArguments(Interpreter& interpreter, const Value& self, Arguments& arguments, const char* name) {
    const auto given = bind(name, arguments, {"sep", "maxsplit"});
    interpreter.budget().bytes(self.bytes().size());
    SplitArguments out;
    if (!given[0].missing() && !given[0].isNone()) {
        out.separator = textArgument(name, given[0]).bytes();
        if (out.separator->empty()) fail("empty separator");
    }
    if (!given[1].missing()) out.most = integerArgument(given[1]);
    return out;
}

Value splitMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const SplitArguments how = splitArguments(interpreter, self, arguments, "split");
    return listOf(interpreter, self,
                  how.separator ? splitAt(interpreter.budget(), self.text(), *how.separator, how.most)
                                : splitAtSpace(interpreter.budget(), self.text(), how.most));
}

Value rsplitMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const SplitArguments how = splitArguments(interpreter, self, arguments, "rsplit");
    return listOf(interpreter, self,
                  how.separator ? splitAtFromRight(interpreter.budget(), self.text(), *how.separator, how.most)
                                : splitAtSpaceFromRight(interpreter.budget(), self.text(), how.most));
}

Value splitlinesMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const auto given = bind("splitlines", arguments, {"keepends"});
    const bool keep = !given[0].missing() && truthy(interpreter.budget(), given[0]);
    return listOf(interpreter, self, splitLines(interpreter.budget(), self.text(), keep ? LineEnds::Kept : LineEnds::Dropped));
}

Value partitionAt(Interpreter& interpreter, const Value& self, Arguments& arguments, const char* name, bool last) {
    const auto given = bind(name, arguments, {"/sep"}, 1);
    const Text& separator = textArgument(name, given[0]);
    if (separator.empty()) fail("empty separator");
    interpreter.budget().bytes(self.bytes().size());
    const Text& text = self.text();
    const std::size_t at = last ? findFromRight(interpreter.budget(), text.bytes(), separator.bytes())
                                : find(interpreter.budget(), text.bytes(), separator.bytes());
    std::vector<Text> parts(3);
    if (at == std::string::npos) {
        parts[last ? 2 : 0] = text;
    } else {
        parts = {text.slice(0, at), separator, text.slice(at + separator.size(), text.size())};
    }
    return makeTuple(interpreter.budget(), {made(interpreter, self, parts[0]), made(interpreter, self, parts[1]),
                                            made(interpreter, self, parts[2])});
}

Value partitionMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return partitionAt(interpreter, self, arguments, "partition", false);
}
Value rpartitionMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return partitionAt(interpreter, self, arguments, "rpartition", true);
}

Value replaceMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const auto given = bind("replace", arguments, {"/old", "/new", "count"}, 2);
    const std::int64_t count = given[2].missing() ? -1 : integerArgument(given[2]);
    return made(interpreter, self, replaced(interpreter.budget(), self.text(), textArgument("replace()", given[0]),
                                            textArgument("replace()", given[1]), count));
}

Value joinMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const auto given = bind("join", arguments, {"/iterable"}, 1);
    if (!iterable(given[0])) fail("can only join an iterable");
    std::vector<Text> parts;
    for (const Value& item : collect(interpreter, given[0])) {
        if (!item.isString()) {
            fail("sequence item " + std::to_string(parts.size()) + ": expected str instance, " + typeName(item) +
                 " found");
        }
        parts.push_back(item.text());
    }
    return made(interpreter, self, joined(parts, self.text()));
}

// The part of the string that optional start and end arguments name, as byte offsets.
struct Window {
    std::size_t first = 0, last = 0;
    bool valid = true;  // start beyond the end finds nothing, not even the empty string
};

Window window(Interpreter& interpreter, const Value& self, const Value& start, const Value& end) {
    interpreter.budget().bytes(self.bytes().size());
    const auto size = static_cast<std::int64_t>(self.string().length());
    const auto bound = [&](const Value& value, std::int64_t otherwise) {
        if (value.missing() || value.isNone()) return otherwise;
        const std::int64_t at = integerArgument(value);
        return at < 0 ? std::max<std::int64_t>(at < -size ? 0 : at + size, 0) : at;
    };
    const std::int64_t from = bound(start, 0), to = std::min(bound(end, size), size);
    Window out;
    out.valid = from <= to;
    if (!out.valid) return out;
    out.first = byteOffset(interpreter.budget(), self.string(), static_cast<std::size_t>(from));
    out.last = byteOffset(interpreter.budget(), self.string(), static_cast<std::size_t>(to));
    return out;
}

// Code point index of the needle, -1 if it is not there.
std::int64_t search(Interpreter& interpreter, const Value& self, Arguments& arguments, const char* name, bool last) {
    const auto given = bind(name, arguments, {"/sub", "/start", "/end"}, 1);
    const std::string& needle = textArgument(name, given[0]).bytes();
    const Window where = window(interpreter, self, given[1], given[2]);
    if (!where.valid) return -1;
    const std::string_view part = std::string_view(self.bytes()).substr(where.first, where.last - where.first);
    const std::size_t at =
        last ? findFromRight(interpreter.budget(), part, needle) : find(interpreter.budget(), part, needle);
    if (at == std::string_view::npos) return -1;
    return static_cast<std::int64_t>(countCodePoints(std::string_view(self.bytes()).substr(0, where.first + at)));
}

Value findMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return Value::integer(search(interpreter, self, arguments, "find", false));
}
Value rfindMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return Value::integer(search(interpreter, self, arguments, "rfind", true));
}
Value indexMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const std::int64_t at = search(interpreter, self, arguments, "index", false);
    if (at < 0) fail("substring not found");
    return Value::integer(at);
}
Value rindexMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const std::int64_t at = search(interpreter, self, arguments, "rindex", true);
    if (at < 0) fail("substring not found");
    return Value::integer(at);
}

Value countMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const auto given = bind("count", arguments, {"/sub", "/start", "/end"}, 1);
    const std::string& needle = textArgument("count", given[0]).bytes();
    const Window where = window(interpreter, self, given[1], given[2]);
    if (!where.valid) return Value::integer(0);
    const std::string_view part = std::string_view(self.bytes()).substr(where.first, where.last - where.first);
    if (needle.empty()) return Value::integer(static_cast<std::int64_t>(countCodePoints(part)) + 1);
    std::int64_t found = 0;
    for (std::size_t at = 0; (at = find(interpreter.budget(), part, needle, at)) != std::string_view::npos;) {
        at += needle.size();
        ++found;
    }
    return Value::integer(found);
}

Value affix(Interpreter& interpreter, const Value& self, Arguments& arguments, const char* name, bool atEnd) {
    const auto given = bind(name, arguments, {"/prefix", "/start", "/end"}, 1);
    const Window where = window(interpreter, self, given[1], given[2]);
    const std::string_view part =
        where.valid ? std::string_view(self.bytes()).substr(where.first, where.last - where.first) : std::string_view();
    const auto matches = [&](const Value& candidate) {
        if (!candidate.isString()) {
            fail(std::string(name) + " first arg must be str or a tuple of str, not " + typeName(candidate));
        }
        if (!where.valid) return false;
        interpreter.budget().bytes(std::min(part.size(), candidate.bytes().size()));
        return atEnd ? part.ends_with(candidate.bytes()) : part.starts_with(candidate.bytes());
    };
    if (!given[0].is(Kind::Tuple)) return Value::boolean(matches(given[0]));
    return Value::boolean(std::any_of(given[0].items().begin(), given[0].items().end(), matches));
}

Value startswithMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return affix(interpreter, self, arguments, "startswith", false);
}
Value endswithMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return affix(interpreter, self, arguments, "endswith", true);
}

Value removeprefixMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const auto given = bind("removeprefix", arguments, {"/prefix"}, 1);
    const std::string& prefix = textArgument("removeprefix()", given[0]).bytes();
    interpreter.budget().bytes(std::min(self.bytes().size(), prefix.size()));
    if (!self.bytes().starts_with(prefix)) return self;
    return made(interpreter, self, self.text().slice(prefix.size(), self.bytes().size()));
}

Value removesuffixMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const auto given = bind("removesuffix", arguments, {"/suffix"}, 1);
    const std::string& suffix = textArgument("removesuffix()", given[0]).bytes();
    interpreter.budget().bytes(std::min(self.bytes().size(), suffix.size()));
    if (!self.bytes().ends_with(suffix)) return self;
    return made(interpreter, self, self.text().slice(0, self.bytes().size() - suffix.size()));
}

Value formatMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return braceFormatted(interpreter, self, arguments);
}

struct Entry {
    std::string_view name;
    Method method;
};

constexpr Entry kMethods[] = {
    {"count", countMethod},           {"endswith", endswithMethod},         {"find", findMethod},
    {"format", formatMethod},         {"index", indexMethod},               {"join", joinMethod},
    {"lstrip", lstripMethod},         {"partition", partitionMethod},       {"removeprefix", removeprefixMethod},
    {"removesuffix", removesuffixMethod}, {"replace", replaceMethod},       {"rfind", rfindMethod},
    {"rindex", rindexMethod},         {"rpartition", rpartitionMethod},     {"rsplit", rsplitMethod},
    {"rstrip", rstripMethod},         {"split", splitMethod},               {"splitlines", splitlinesMethod},
    {"startswith", startswithMethod}, {"strip", stripMethod},
};

}  // namespace

Method findStringMethod(std::string_view name) {
    for (const Entry& entry : kMethods) {
        if (entry.name == name) return entry.method;
    }
    return findCaseMethod(name);
}

}  // namespace larder::text::jinja
