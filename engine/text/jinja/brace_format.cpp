#include "engine/text/jinja/brace_format.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "engine/base/utf8.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/number_format.h"
#include "engine/text/jinja/printing.h"
#include "engine/text/jinja/text_operations.h"

namespace larder::text::jinja {
namespace {

constexpr std::size_t kMaxFormatWidth = 1 << 20;

// [[fill]align][sign][#][0][width][,][.precision][type]
struct Specification {
    std::string fill = " ";
    char align = '\0', sign = '\0', kind = '\0', separator = '\0';
    bool alternative = false, zeroAligned = false;
    std::size_t width = 0;
    int precision = -1;
};

bool isAlign(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

std::size_t readNumber(std::string_view text, std::size_t& at) {
    std::size_t out = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        out = out * 10 + static_cast<std::size_t>(text[at++] - '0');
        if (out > kMaxFormatWidth) fail("Too many decimal digits in format string");
    }
    return out;
}

Specification readSpecification(std::string_view text) {
    Specification out;
    std::size_t at = 0;
    const std::size_t first = base::decodeUtf8(text, 0).bytes;
    if (first < text.size() && isAlign(text[first])) {
        out.fill = text.substr(0, first);
        out.align = text[first];
        at = first + 1;
    } else if (!text.empty() && isAlign(text[0])) {
        out.align = text[0];
        at = 1;
    }
    const auto skip = [&](char c) {
        if (at >= text.size() || text[at] != c) return false;
        ++at;
        return true;
    };
    if (at < text.size() && (text[at] == '+' || text[at] == '-' || text[at] == ' ')) out.sign = text[at++];
    out.alternative = skip('#');
    if (skip('0') && out.align == '\0') {
        out.zeroAligned = true;
        out.fill = "0";
        out.align = '=';
    }
    out.width = readNumber(text, at);
    if (at < text.size() && (text[at] == ',' || text[at] == '_')) out.separator = text[at++];
    if (skip('.')) {
        if (at >= text.size() || text[at] < '0' || text[at] > '9') fail("Format specifier missing precision");
        out.precision = static_cast<int>(readNumber(text, at));
    }
    if (at < text.size()) out.kind = text[at++];
    if (at < text.size()) fail("Invalid format specifier");
    return out;
}

Text aligned(const Specification& how, const Text& text, char otherwise) {
    const std::size_t size = countCodePoints(text.bytes());
    if (size >= how.width) return text;
    const std::size_t missing = how.width - size;
    const char align = how.align != '\0' ? how.align : otherwise;
    std::size_t left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
    std::size_t sign = 0;
    if (align == '=' && !text.empty() && std::string_view("+- ").find(text.bytes()[0]) != std::string_view::npos)
        sign = 1;
    Text out = text.slice(0, sign);
    for (std::size_t i = 0; i < left; ++i) out.append(how.fill, true);
    out.append(text, sign, text.size());
    for (std::size_t i = left; i < missing; ++i) out.append(how.fill, true);
    return out;
}

std::string withSign(const Specification& how, std::string digits) {
    if (!digits.starts_with('-') && (how.sign == '+' || how.sign == ' ')) digits.insert(0, 1, how.sign);
    return digits;
}

std::string formattedInteger(const Specification& how, std::int64_t number) {
    const int base = how.kind == 'b' ? 2 : how.kind == 'o' ? 8 : how.kind == 'x' || how.kind == 'X' ? 16 : 10;
    std::string digits = formatInteger(number, base, how.kind == 'X');
    if (how.separator != '\0') digits = grouped(std::move(digits), how.separator, base == 10 ? 3 : 4);
    if (how.alternative && base != 10) digits.insert(digits.starts_with('-') ? 1 : 0, std::string("0") + how.kind);
    return withSign(how, std::move(digits));
}

std::string formattedFloat(const Specification& how, double number) {
    std::string digits;
    if (how.kind == '%') digits = formatFloat(number * 100, 'f', how.precision < 0 ? 6 : how.precision, false) + "%";
    else if (how.kind == '\0' && how.precision < 0) digits = floatRepr(number);
    else if (how.kind == '\0' || how.kind == 'n')
        digits = formatFloat(number, 'g', how.precision < 0 ? 6 : how.precision, false);
    else digits = formatFloat(number, how.kind, how.precision < 0 ? 6 : how.precision, how.alternative);
    if (how.separator != '\0') digits = grouped(std::move(digits), how.separator);
    return withSign(how, std::move(digits));
}

class BraceFormat {
public:
    BraceFormat(Interpreter& interpreter, const Text& format, const Arguments& arguments)
        : m_interpreter(interpreter), m_arguments(arguments), m_out(parse(format, 2)) {}

    Text result() { return std::move(m_out); }

private:
    Text parse(const Text& format, int nesting) {
        if (nesting == 0) fail("Max string recursion exceeded");
        Text out;
        const std::string& bytes = format.bytes();
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t mark = bytes.find_first_of("{}", at);
            if (mark == std::string::npos) {
                out.append(format, at, bytes.size());
                break;
            }
            out.append(format, at, mark);
            if (mark + 1 < bytes.size() && bytes[mark + 1] == bytes[mark]) {
                out.append(format, mark, mark + 1);
                at = mark + 2;
                continue;
            }
            if (bytes[mark] == '}') fail("Single '}' encountered in format string");
            if (mark + 1 >= bytes.size()) fail("Single '{' encountered in format string");
            std::size_t end = mark + 1;
            for (int depth = 1; depth > 0; ++end) {
                if (end >= bytes.size()) fail("expected '}' before end of string");
                if (bytes[end] == '{') ++depth;
                if (bytes[end] == '}') --depth;
            }
            out.append(field(format.slice(mark + 1, end - 1), nesting));
            checkTextBytes(out.size());
            at = end;
        }
        return out;
    }

    // What stands between the braces: name[!conversion][:specification].
    Text field(const Text& text, int nesting) {
        m_interpreter.budget().steps(1);
        const std::string& bytes = text.bytes();
        std::size_t end = 0;
        bool inBrackets = false;
        while (end < bytes.size() && (inBrackets || (bytes[end] != ':' && bytes[end] != '!'))) {
            if (bytes[end] == '[') inBrackets = true;
            if (bytes[end] == ']') inBrackets = false;
            ++end;
        }
        Value value = lookUp(bytes.substr(0, end));
        if (end < bytes.size() && bytes[end] == '!') {
            const char conversion = end + 1 < bytes.size() ? bytes[end + 1] : '\0';
            if (conversion != 's' && conversion != 'r' && conversion != 'a') fail("unknown conversion specifier");
            value = converted(value, conversion);
            end += 2;
            if (end < bytes.size() && bytes[end] != ':') fail("expected ':' after conversion specifier");
        }
        const Text specification = end < bytes.size() ? parse(text.slice(end + 1, bytes.size()), nesting - 1) : Text();
        return formatted(value, specification.bytes());
    }

    Value converted(const Value& value, char conversion) {
        if (conversion == 's') return toString(m_interpreter.budget(), value);
        std::string out;
        bool trusted = true;
        appendRepr(m_interpreter.budget(), value, out, trusted);
        return makeString(m_interpreter.budget(), std::move(out), trusted);
    }

    Value lookUp(const std::string& name) {
        std::size_t end = name.find_first_of(".[");
        if (end == std::string::npos) end = name.size();
        if (end == 0 && !name.empty()) fail("a field of a format string has no name");
        Value value = argument(name.substr(0, end));
        while (end < name.size()) {
            if (name[end] == '.') {
                const std::size_t next = std::min(name.find_first_of(".[", end + 1), name.size());
                value = m_interpreter.attribute(value, name.substr(end + 1, next - end - 1));
                end = next;
            } else {
                const std::size_t close = name.find(']', end);
                if (close == std::string::npos) fail("Missing ']' in format string");
                const std::string key = name.substr(end + 1, close - end - 1);
                const auto number = asNumber(key);
                value = m_interpreter.item(value, number ? Value::integer(*number)
                                                         : makeString(m_interpreter.budget(), key, true));
                end = close + 1;
                if (end < name.size() && name[end] != '.' && name[end] != '[') {
                    fail("Only '.' or '[' may follow ']' in format field specifier");
                }
            }
        }
        return value;
    }

    static std::optional<std::int64_t> asNumber(const std::string& text) {
        std::int64_t number = 0;
        const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
        if (text.empty() || text[0] == '-' || result.ec != std::errc() || result.ptr != text.data() + text.size()) {
            return std::nullopt;
        }
        return number;
    }

    Value argument(const std::string& name) {
        std::optional<std::int64_t> index = asNumber(name);
        if (name.empty()) {
            if (m_manual) fail("cannot switch from manual field specification to automatic field numbering");
            m_automatic = true;
            index = m_next++;
        } else if (index) {
            if (m_automatic) fail("cannot switch from manual field specification to automatic field numbering");
            m_manual = true;
        }
        if (index) {
            if (static_cast<std::size_t>(*index) >= m_arguments.positional.size()) {
                fail("Replacement index " + std::to_string(*index) + " out of range for positional args tuple");
            }
            return m_arguments.positional[static_cast<std::size_t>(*index)];
        }
        for (const auto& [argumentName, value] : m_arguments.named) {
            if (argumentName == name) return value;
        }
        fail(shownName(name));
    }

    Text formatted(const Value& value, std::string_view specification) {
        if (specification.empty()) return toText(m_interpreter.budget(), value);
        Specification how = readSpecification(specification);
        const bool forFloat = how.kind != '\0' && std::string_view("eEfFgGn%").find(how.kind) != std::string_view::npos;
        const bool forInteger =
            how.kind != '\0' && std::string_view("bcdoxXn").find(how.kind) != std::string_view::npos;
        if (value.isString()) {
            if (how.kind != '\0' && how.kind != 's') unknownKind(how, value);
            if (how.sign != '\0') fail("Sign not allowed in string format specifier");
            if (how.separator != '\0') fail(std::string("Cannot specify '") + how.separator + "' with 's'.");
            // A 0 before the width fills with zeros, but a text stays on the left.
            if (how.zeroAligned) how.align = '<';
            if (how.align == '=') fail("'=' alignment not allowed in string format specifier");
            std::size_t end = value.bytes().size();
            if (how.precision >= 0) {
                end = 0;
                for (int i = 0; i < how.precision && end < value.bytes().size(); ++i) {
                    end += base::decodeUtf8(value.bytes(), end).bytes;
                }
            }
            return aligned(how, value.text().slice(0, end), '<');
        }
        if (value.isIntegral() && !forFloat) {
            if (how.kind != '\0' && !forInteger) unknownKind(how, value);
            if (how.precision >= 0) fail("Precision not allowed in integer format specifier");
            return aligned(how, Text(formattedInteger(how, value.integer()), true), '>');
        }
        if (value.isNumber()) {
            if (how.kind != '\0' && !forFloat) unknownKind(how, value);
            return aligned(how, Text(formattedFloat(how, value.number()), true), '>');
        }
        fail("unsupported format string passed to " + typeName(value) + ".__format__");
    }

    [[noreturn]] static void unknownKind(const Specification& how, const Value& value) {
        fail(std::string("Unknown format code '") + how.kind + "' for object of type '" + typeName(value) + "'");
    }

    Interpreter& m_interpreter;
    const Arguments& m_arguments;
    bool m_automatic = false, m_manual = false;
    std::int64_t m_next = 0;
    Text m_out;
};

}  // namespace

Value braceFormatted(Interpreter& interpreter, const Value& format, const Arguments& arguments) {
    interpreter.budget().bytes(format.bytes().size());
    return makeText(interpreter.budget(), BraceFormat(interpreter, format.text(), arguments).result(),
                    format.string().markup);
}

}  // namespace larder::text::jinja
