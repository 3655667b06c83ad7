#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/number_format.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"
#include "engine/text/jinja/text_operations.h"

namespace larder::text::jinja {
namespace {

Value indentFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("indent", arguments, {"width", "first", "blank"});
    Budget& budget = interpreter.budget();
    if (input.undefined()) failUndefined(input);
    if (!input.isString()) fail("indent() wants a string, not " + typeName(input));
    Text margin("    ", true);
    if (!given[0].missing()) {
        if (given[0].isString()) {
            margin = given[0].text();
        } else {
            const std::int64_t width = integerArgument(given[0]);
            if (width > static_cast<std::int64_t>(kMaxTextBytes)) fail("the width of indent() is too large");
            margin = width > 0 ? Text(std::string(static_cast<std::size_t>(width), ' '), true) : Text();
        }
    }
    const bool first = !given[1].missing() && truthy(budget, given[1]);
    const bool blank = !given[2].missing() && truthy(budget, given[2]);
    Text text = input.text();
    text.append("\n", true);
    const std::vector<Text> lines = splitLines(budget, text, LineEnds::Dropped);
    Text out;
    if (first) out.append(margin);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i > 0) {
            out.append("\n", true);
            if (blank || !lines[i].empty()) out.append(margin);
        }
        out.append(lines[i]);
        checkTextBytes(out.size());
        budget.bytes(lines[i].size() + margin.size());
    }
    return makeText(budget, std::move(out), input.string().markup);
}

Value centerFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("center", arguments, {"width"});
    const Value text = input.isString() ? input : toString(interpreter.budget(), input);
    Arguments passed;
    passed.positional.push_back(given[0].missing() ? Value::integer(80) : given[0]);
    return findCaseMethod("center")(interpreter, text, passed);
}

Value truncateFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("truncate", arguments, {"length", "killwords", "end", "leeway"});
    Budget& budget = interpreter.budget();
    const std::int64_t length = given[0].missing() ? 255 : integerArgument(given[0]);
    const bool killWords = !given[1].missing() && truthy(budget, given[1]);
    const Text end = given[2].missing() ? Text("...", true) : textArgument("truncate()", given[2]);
    const std::int64_t leeway = given[3].missing() || given[3].isNone() ? 5 : integerArgument(given[3]);
    const auto endLength = static_cast<std::int64_t>(countCodePoints(end.bytes()));
    if (length < endLength) fail("expected length >= " + std::to_string(endLength) + ", got " + std::to_string(length));
    if (leeway < 0) fail("expected leeway >= 0, got " + std::to_string(leeway));
    if (requiredLength(input) - length <= leeway) return input;
    if (!input.isString()) fail("a " + typeName(input) + " cannot be truncated");
    Text out = input.text().slice(0, byteOffset(budget, input.string(), static_cast<std::size_t>(length - endLength)));
    if (!killWords) {
        const std::size_t space = out.bytes().rfind(' ');
        if (space != std::string::npos) out = out.slice(0, space);
    }
    out.append(end);
    return makeText(budget, std::move(out), input.string().markup);
}

Value filesizeformatFilter(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("filesizeformat", arguments, {"binary"});
    const bool binary = !given[0].missing() && truthy(interpreter.budget(), given[0]);
    Arguments otherwise;
    otherwise.positional.push_back(Value::none());
    const Value number = interpreter.applyFilter("float", input, std::move(otherwise));
    if (number.isNone()) fail("could not convert " + typeName(input) + " to float");
    const double bytes = number.number();
    const double base = binary ? 1024 : 1000;
    std::string out;
    if (bytes == 1) {
        out = "1 Byte";
    } else if (bytes < base) {
        if (std::isinf(bytes)) fail("cannot convert float infinity to integer");
        out = formatFloat(std::trunc(bytes) + 0.0, 'f', 0, false) + " Bytes";  // + 0.0: no minus before a zero
    } else {
        double unit = base * base;
        std::size_t power = 0;
        constexpr std::string_view kLetters = "KMGTPEZY";
        while (bytes >= unit && power + 1 < kLetters.size()) {
            unit *= base;
            ++power;
        }
        const std::string letter = power == 0 && !binary ? "k" : std::string(1, kLetters[power]);
        out = formatFloat(base * bytes / unit, 'f', 1, false) + " " + letter + (binary ? "iB" : "B");
    }
    return makeString(interpreter.budget(), std::move(out), true);
}

}  // namespace

FilterFunction findLayoutFilter(std::string_view name) {
    if (name == "indent") return indentFilter;
    if (name == "center") return centerFilter;
    if (name == "truncate") return truncateFilter;
    if (name == "filesizeformat") return filesizeformatFilter;
    return nullptr;
}

}  // namespace larder::text::jinja
