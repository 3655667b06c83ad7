#include <algorithm>
#include <string>

#include "engine/base/utf8.h"
#include "engine/text/jinja/case_mapping.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/text_operations.h"
#include "engine/text/jinja/unicode.h"

namespace larder::text::jinja {
namespace {

using Mapping = std::string (*)(std::string_view);

Value mappedBy(Interpreter& interpreter, const Value& self, Arguments& arguments, const char* name, Mapping mapping) {
    bind(name, arguments, {});
    interpreter.budget().characters(self.bytes().size());
    return makeText(interpreter.budget(), Text(mapping(self.bytes()), self.text().trusted()), self.string().markup);
}

Value upperMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return mappedBy(interpreter, self, arguments, "upper", upperCase);
}
Value lowerMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return mappedBy(interpreter, self, arguments, "lower", lowerCase);
}
Value titleMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return mappedBy(interpreter, self, arguments, "title", titleCase);
}
Value capitalizeMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return mappedBy(interpreter, self, arguments, "capitalize", capitalized);
}
Value swapcaseMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return mappedBy(interpreter, self, arguments, "swapcase", swappedCase);
}

using Class = bool (*)(char32_t);

Value allOf(Interpreter& interpreter, const Value& self, Arguments& arguments, const char* name, Class isMember) {
    bind(name, arguments, {});
    interpreter.budget().characters(self.bytes().size());
    const std::vector<char32_t> points = codePoints(self.bytes());
    return Value::boolean(!points.empty() && std::all_of(points.begin(), points.end(), isMember));
}

Value isalphaMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return allOf(interpreter, self, arguments, "isalpha", isAlpha);
}
Value isdigitMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return allOf(interpreter, self, arguments, "isdigit", isDigit);
}
Value isdecimalMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return allOf(interpreter, self, arguments, "isdecimal", isDecimal);
}
Value isnumericMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return allOf(interpreter, self, arguments, "isnumeric", isNumeric);
}
Value isspaceMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return allOf(interpreter, self, arguments, "isspace", isSpace);
}
Value isalnumMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return allOf(interpreter, self, arguments, "isalnum",
                 [](char32_t c) { return isAlpha(c) || isDecimal(c) || isDigit(c) || isNumeric(c); });
}
Value isasciiMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    bind("isascii", arguments, {});
    interpreter.budget().characters(self.bytes().size());
    return Value::boolean(self.string().ascii());
}
Value isprintableMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    bind("isprintable", arguments, {});
    interpreter.budget().characters(self.bytes().size());
    const std::vector<char32_t> points = codePoints(self.bytes());
    return Value::boolean(std::all_of(points.begin(), points.end(), isPrintable));
}
Value isupperMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    bind("isupper", arguments, {});
    interpreter.budget().characters(self.bytes().size());
    return Value::boolean(isUpperText(self.bytes()));
}
Value islowerMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    bind("islower", arguments, {});
    interpreter.budget().characters(self.bytes().size());
    return Value::boolean(isLowerText(self.bytes()));
}
Value istitleMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    bind("istitle", arguments, {});
    interpreter.budget().characters(self.bytes().size());
    return Value::boolean(isTitleText(self.bytes()));
}

// Spaces, or another character, up to a width. side: where the text stays.
Value padded(Interpreter& interpreter, const Value& self, Arguments& arguments, const char* name, Side side) {
    const auto given = bind(name, arguments, {"/width", "/fillchar"}, 1);
    const std::int64_t width = integerArgument(given[0]);
    Text fill(" ", true);
    if (!given[1].missing()) {
        fill = textArgument(name, given[1]);
        if (countCodePoints(fill.bytes()) != 1) fail("The fill character must be exactly one character long");
    }
    const auto size = static_cast<std::int64_t>(self.string().length());
    if (width <= size) return self;
    const std::int64_t missing = width - size;
    std::int64_t left = side == Side::Left ? 0 : missing;
    // The odd space of a centred text goes where Python puts it.
    if (side == Side::Both) left = missing / 2 + (missing & width & 1);
    checkTextBytes(self.bytes().size() + static_cast<std::size_t>(missing));
    interpreter.budget().steps(static_cast<std::uint64_t>(missing) / 8);
    Text out;
    for (std::int64_t i = 0; i < left; ++i) out.append(fill);
    out.append(self.text());
    for (std::int64_t i = left; i < missing; ++i) out.append(fill);
    return makeText(interpreter.budget(), std::move(out), self.string().markup);
}

Value ljustMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return padded(interpreter, self, arguments, "ljust", Side::Left);
}
Value rjustMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return padded(interpreter, self, arguments, "rjust", Side::Right);
}
Value centerMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    return padded(interpreter, self, arguments, "center", Side::Both);
}

Value zfillMethod(Interpreter& interpreter, const Value& self, Arguments& arguments) {
    const auto given = bind("zfill", arguments, {"/width"}, 1);
    const std::int64_t width = integerArgument(given[0]), size = static_cast<std::int64_t>(self.string().length());
    if (width <= size) return self;
    const std::int64_t missing = width - size;
    checkTextBytes(self.bytes().size() + static_cast<std::size_t>(missing));
    const std::size_t sign = !self.bytes().empty() && (self.bytes()[0] == '-' || self.bytes()[0] == '+') ? 1 : 0;
    Text out = self.text().slice(0, sign);
    out.append(std::string(static_cast<std::size_t>(missing), '0'), true);
    out.append(self.text(), sign, self.bytes().size());
    return makeText(interpreter.budget(), std::move(out), self.string().markup);
}

struct CaseEntry {
    std::string_view name;
    Method method;
};

constexpr CaseEntry kCaseMethods[] = {
    {"capitalize", capitalizeMethod},
    {"casefold", lowerMethod},
    {"center", centerMethod},
    {"isalnum", isalnumMethod},
    {"isalpha", isalphaMethod},
    {"isascii", isasciiMethod},
    {"isdecimal", isdecimalMethod},
    {"isdigit", isdigitMethod},
    {"islower", islowerMethod},
    {"isnumeric", isnumericMethod},
    {"isprintable", isprintableMethod},
    {"isspace", isspaceMethod},
    {"istitle", istitleMethod},
    {"isupper", isupperMethod},
    {"ljust", ljustMethod},
    {"lower", lowerMethod},
    {"rjust", rjustMethod},
    {"swapcase", swapcaseMethod},
    {"title", titleMethod},
    {"upper", upperMethod},
    {"zfill", zfillMethod},
};

}  // namespace

Method findCaseMethod(std::string_view name) {
    for (const CaseEntry& entry : kCaseMethods) {
        if (entry.name == name) return entry.method;
    }
    return nullptr;
}

}  // namespace larder::text::jinja
