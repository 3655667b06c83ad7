#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/text/jinja/attribute_path.h"
#include "engine/text/jinja/case_mapping.h"
#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/percent_format.h"
#include "engine/text/jinja/printing.h"
#include "engine/text/jinja/text_operations.h"
#include "engine/text/jinja/unicode.h"

namespace larder::text::jinja {
namespace {

bool isMarkup(const Value& value) { return value.isString() && value.string().markup; }

Value cased(Interpreter& interpreter, const Value& input, Arguments& arguments, const char* name,
            std::string (*mapping)(std::string_view)) {
    bind(name, arguments, {});
    const Text text = toText(interpreter.budget(), input);
    interpreter.budget().characters(text.size());
    return makeText(interpreter.budget(), Text(mapping(text.bytes()), text.trusted()), isMarkup(input));
}

Value upperFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return cased(interpreter, input, arguments, "upper", upperCase);
}
Value lowerFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return cased(interpreter, input, arguments, "lower", lowerCase);
}
Value capitalizeFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return cased(interpreter, input, arguments, "capitalize", capitalized);
}

// The first letter of every word; words are parted by white space, dashes and opening brackets.
std::string wordsCapitalized(std::string_view text) {
    const auto parts = [](char32_t c) {
        return isSpace(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
    };
    std::string out;
    std::string rest;
    bool inside = false;
    for (const char32_t c : codePoints(text)) {
        if (parts(c)) {
            out += lowerCase(std::exchange(rest, {}));
            inside = false;
            appendUpper(out, c);
        } else if (!inside) {
            appendUpper(out, c);
            inside = true;
        } else {
            base::appendUtf8(rest, c);
        }
    }
    return out + lowerCase(rest);
}

Value titleFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    return cased(interpreter, input, arguments, "title", wordsCapitalized);
}

Value trimFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("trim", arguments, {"chars"});
    std::optional<std::string_view> chars;
    if (!given[0].missing() && !given[0].isNone()) chars = textArgument("trim()", given[0]).bytes();
    const Text text = toText(interpreter.budget(), input);
    return makeText(interpreter.budget(), stripped(interpreter.budget(), text, chars, Side::Both), isMarkup(input));
}

Value replaceFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("replace", arguments, {"old", "new", "count"}, 2);
    Budget& budget = interpreter.budget();
    const Text text = toText(budget, input);
    const std::int64_t count = given[2].missing() || given[2].isNone() ? -1 : integerArgument(given[2]);
    return makeText(budget, replaced(budget, text, toText(budget, given[0]), toText(budget, given[1]), count));
}

Value stringFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("string", arguments, {});
    return input.isString() ? input : toString(interpreter.budget(), input);
}

Value safeFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("safe", arguments, {});
    return makeText(interpreter.budget(), toText(interpreter.budget(), input), true);
}

Value escapeFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("escape", arguments, {});
    if (isMarkup(input)) return input;
    return makeText(interpreter.budget(), escaped(interpreter.budget(), toText(interpreter.budget(), input)), true);
}

Value forceescapeFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("forceescape", arguments, {});
    return makeText(interpreter.budget(), escaped(interpreter.budget(), toText(interpreter.budget(), input)), true);
}

Value joinFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("join", arguments, {"d", "attribute"});
    Budget& budget = interpreter.budget();
    const bool byAttribute = !given[1].missing() && !given[1].isNone();
    const AttributePath path(interpreter, given[1]);
    const Text separator = given[0].missing() ? Text() : toText(budget, given[0]);
    const IteratorObject::Next next = iterate(interpreter, input);
    Text out;
    bool first = true;
    for (Value item; next(item);) {
        if (byAttribute) item = path.of(interpreter, std::move(item));
        if (!first) out.append(separator);
        first = false;
        if (item.isString()) out.append(item.text());
        else out.append(toText(budget, item));
        checkTextBytes(out.size());
    }
    return makeText(budget, std::move(out));
}

Value formatFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    if (!arguments.positional.empty() && !arguments.named.empty()) {
        fail("can't handle positional and keyword arguments at the same time");
    }
    Budget& budget = interpreter.budget();
    Value values;
    if (!arguments.named.empty()) {
        auto dict = std::make_shared<DictObject>(budget);
        for (const auto& [name, value] : arguments.named) dict->set(makeString(budget, name, true), value);
        values = makeDict(std::move(dict));
    } else {
        values = makeTuple(budget, std::move(arguments.positional));
    }
    return percentFormatted(interpreter, input.isString() ? input : toString(budget, input), values);
}

std::string percentEncoded(Budget& budget, std::string_view text, bool forQuery) {
    budget.characters(text.size());
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                           c == '.' || c == '-' || c == '~' || (c == '/' && !forQuery);
        if (plain) {
            out += c;
        } else if (c == ' ' && forQuery) {
            out += '+';
        } else {
            out += '%';
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
    return out;
}

Value urlencodeFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("urlencode", arguments, {});
    Budget& budget = interpreter.budget();
    if (input.isString() || !iterable(input)) {
        const Text text = toText(budget, input);
        return makeString(budget, percentEncoded(budget, text.bytes(), false), text.trusted());
    }
    std::string out;
    bool trusted = true;
    const Value pairs = input.is(Kind::Dict) ? interpreter.applyFilter("items", input, {}) : input;
    for (const Value& pair : collect(interpreter, pairs)) {
        const std::vector<Value> parts = collect(interpreter, pair);
        if (parts.size() != 2) fail("urlencode wants pairs");
        const Text key = toText(budget, parts[0]), value = toText(budget, parts[1]);
        trusted = trusted && key.trusted() && value.trusted();
        if (!out.empty()) out += '&';
        out += percentEncoded(budget, key.bytes(), true) + "=" + percentEncoded(budget, value.bytes(), true);
        checkTextBytes(out.size());
    }
    return makeString(budget, std::move(out), trusted);
}

Value wordcountFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    bind("wordcount", arguments, {});
    const Text text = toText(interpreter.budget(), input);
    interpreter.budget().characters(text.size());
    std::int64_t count = 0;
    bool inside = false;
    for (const char32_t c : codePoints(text.bytes())) {
        const bool word = c == '_' || isAlpha(c) || isDecimal(c) || isDigit(c) || isNumeric(c);
        if (word && !inside) ++count;
        inside = word;
    }
    return Value::integer(count);
}

struct TextEntry {
    std::string_view name;
    FilterFunction function;
};

constexpr TextEntry kTextFilters[] = {
    {"trim", trimFilter},
    {"join", joinFilter},
    {"replace", replaceFilter},
    {"string", stringFilter},
    {"upper", upperFilter},
    {"lower", lowerFilter},
    {"title", titleFilter},
    {"capitalize", capitalizeFilter},
    {"safe", safeFilter},
    {"escape", escapeFilter},
    {"e", escapeFilter},
    {"forceescape", forceescapeFilter},
    {"format", formatFilter},
    {"urlencode", urlencodeFilter},
    {"wordcount", wordcountFilter},
};

}  // namespace

FilterFunction findTextFilter(std::string_view name) {
    for (const TextEntry& entry : kTextFilters) {
        if (entry.name == name) return entry.function;
    }
    return nullptr;
}

}  // namespace larder::text::jinja
