#include "engine/text/jinja/percent_format.h"

#include <cmath>
#include <cstdlib>
#include <string>

#include "engine/base/utf8.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/number_format.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"
#include "engine/text/jinja/text_operations.h"

namespace larder::text::jinja {
namespace {

constexpr std::int64_t kMaxWidth = 1 << 20;

struct Directive {
    bool left = false, zero = false, plus = false, space = false, alternative = false;
    std::int64_t width = 0;
    std::int64_t precision = -1;
    char kind = 's';
};

class PercentFormat {
public:
    PercentFormat(Interpreter& interpreter, const Value& format, const Value& values)
        : m_interpreter(interpreter), m_format(format.text()), m_values(values) {}

    Text run() {
        const std::string& bytes = m_format.bytes();
        std::size_t at = 0;
        for (;;) {
            const std::size_t mark = bytes.find('%', at);
            if (mark == std::string::npos) break;
            m_out.append(m_format, at, mark);
            at = directive(mark + 1);
            checkTextBytes(m_out.size());
        }
        m_out.append(m_format, at, bytes.size());
        if (m_values.is(Kind::Tuple) ? m_used < m_values.items().size() : m_used == 0 && !takesNothing()) {
            fail("not all arguments converted during string formatting");
        }
        return std::move(m_out);
    }

private:
    bool takesNothing() const {
        return m_values.is(Kind::Dict) || m_values.is(Kind::List) || m_values.is(Kind::Range) || m_values.undefined();
    }

    Value nextValue() {
        if (m_values.is(Kind::Tuple)) {
            if (m_used >= m_values.items().size()) fail("not enough arguments for format string");
            return m_values.items()[m_used++];
        }
        if (m_used++ > 0) fail("not enough arguments for format string");
        return m_values;
    }

    char at(std::size_t i) const {
        if (i >= m_format.size()) fail("incomplete format");
        return m_format.bytes()[i];
    }

    std::int64_t number(std::size_t& i) {
        if (at(i) == '*') {
            ++i;
            const Value value = nextValue();
            if (!value.isIntegral()) fail("* wants int");
            return value.integer();
        }
        std::int64_t out = 0;
        while (at(i) >= '0' && at(i) <= '9' && out <= kMaxWidth) out = out * 10 + (m_format.bytes()[i++] - '0');
        return out;
    }

    // Reads what follows a '%'; returns where the text goes on.
    std::size_t directive(std::size_t i) {
        m_interpreter.budget().steps(1);
        const std::size_t start = i;
        Directive how;
        Value value;
        if (at(i) == '(') {
            const std::size_t close = m_format.bytes().find(')', i);
            if (close == std::string::npos) fail("incomplete format key");
            if (!m_values.is(Kind::Dict)) fail("format requires a mapping");
            const std::string key = m_format.bytes().substr(i + 1, close - i - 1);
            m_interpreter.budget().bytes(key.size());
            const Value* found = m_values.dict().find(key);
            if (found == nullptr) fail(shownName(key));
            value = *found;
            ++m_used;
            i = close + 1;
        }
        for (;; ++i) {
            const char flag = at(i);
            if (flag == '-') how.left = true;
            else if (flag == '0') how.zero = true;
            else if (flag == '+') how.plus = true;
            else if (flag == ' ') how.space = true;
            else if (flag == '#') how.alternative = true;
            else break;
        }
        how.width = number(i);
        if (how.width < -kMaxWidth) fail("width too big");
        if (how.width < 0) {
            how.left = true;
            how.width = -how.width;
        }
        if (at(i) == '.') {
            ++i;
            how.precision = std::max<std::int64_t>(number(i), 0);
        }
        if (how.width > kMaxWidth || how.precision > kMaxWidth) fail("width too big");
        while (at(i) == 'h' || at(i) == 'l' || at(i) == 'L') ++i;
        how.kind = at(i);
        if (how.kind == '%' && i == start) {
            m_out.append("%", true);
            return i + 1;
        }
        if (value.missing()) value = nextValue();
        write(how, value);
        return i + 1;
    }

    void write(const Directive& how, const Value& value) {
        switch (how.kind) {
            case 's': pad(how, cut(how, toText(m_interpreter.budget(), value))); return;
            case 'r':
            case 'a': {
                std::string out;
                bool trusted = true;
                appendRepr(m_interpreter.budget(), value, out, trusted);
                pad(how, cut(how, Text(std::move(out), trusted)));
                return;
            }
            case 'c': pad(how, character(value)); return;
            case 'd':
            case 'i':
            case 'u':
            case 'x':
            case 'X':
            case 'o': pad(how, Text(integer(how, value), true)); return;
            case 'e':
            case 'E':
            case 'f':
            case 'F':
            case 'g':
            case 'G': pad(how, Text(floating(how, value), true)); return;
            default: fail("unsupported format character");
        }
    }

    static Text cut(const Directive& how, Text text) {
        if (how.precision < 0) return text;
        std::size_t end = 0;
        for (std::int64_t i = 0; i < how.precision && end < text.size(); ++i) {
            end += base::decodeUtf8(text.bytes(), end).bytes;
        }
        return text.slice(0, end);
    }

    static Text character(const Value& value) {
        if (value.isString() && value.string().length() == 1) return value.text();
        if (!value.isIntegral()) fail("%c requires int or char");
        if (value.integer() < 0 || value.integer() > 0x10ffff) fail("%c arg not in range(0x110000)");
        std::string out;
        base::appendUtf8(out, static_cast<char32_t>(value.integer()));
        return Text(out, false);
    }

    static std::string signedDigits(const Directive& how, const std::string& digits) {
        if (digits.starts_with('-') || !(how.plus || how.space)) return digits;
        return (how.plus ? "+" : " ") + digits;
    }

    static std::string integer(const Directive& how, const Value& value) {
        if (value.undefined()) failUndefined(value);
        const bool decimal = how.kind == 'd' || how.kind == 'i' || how.kind == 'u';
        if (!value.isNumber() || (value.is(Kind::Float) && !decimal)) {
            fail(std::string("%") + how.kind + " format: " + (decimal ? "a real number" : "an integer") +
                 " is required, not " + typeName(value));
        }
        std::int64_t number = 0;
        if (value.is(Kind::Float)) {
            if (!(std::fabs(value.number()) < 9.2e18)) fail("a whole number is out of range (64 bits)");
            number = static_cast<std::int64_t>(value.number());
        } else {
            number = value.integer();
        }
        const int base = decimal ? 10 : how.kind == 'o' ? 8 : 16;
        std::string digits = formatInteger(number, base, how.kind == 'X');
        const std::size_t sign = digits.starts_with('-') ? 1 : 0;
        const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(how.precision, 0));
        if (digits.size() - sign < wanted) digits.insert(sign, wanted - (digits.size() - sign), '0');
        if (how.alternative && !decimal) digits.insert(sign, how.kind == 'o' ? "0o" : how.kind == 'x' ? "0x" : "0X");
        return signedDigits(how, digits);
    }

    static std::string floating(const Directive& how, const Value& value) {
        if (value.undefined()) failUndefined(value);
        if (!value.isNumber()) fail("must be real number, not " + typeName(value));
        const int precision = how.precision < 0 ? 6 : static_cast<int>(how.precision);
        return signedDigits(how, formatFloat(value.number(), how.kind, precision, how.alternative));
    }

    void pad(const Directive& how, const Text& text) {
        const std::size_t size = countCodePoints(text.bytes());
        const auto width = static_cast<std::size_t>(how.width);
        const std::string fill(size < width ? width - size : 0, ' ');
        const bool number = how.kind != 's' && how.kind != 'r' && how.kind != 'a' && how.kind != 'c';
        if (how.left) {
            m_out.append(text);
            m_out.append(fill, true);
        } else if (how.zero && number) {
            std::size_t sign = 0;
            if (!text.empty() && std::string("+- ").find(text.bytes()[0]) != std::string::npos) sign = 1;
            if (how.alternative && std::string("xXo").find(how.kind) != std::string::npos) sign += 2;
            m_out.append(text, 0, sign);
            m_out.append(std::string(fill.size(), '0'), true);
            m_out.append(text, sign, text.size());
        } else {
            m_out.append(fill, true);
            m_out.append(text);
        }
    }

    Interpreter& m_interpreter;
    const Text& m_format;
    const Value& m_values;
    std::size_t m_used = 0;
    Text m_out;
};

}  // namespace

Value percentFormatted(Interpreter& interpreter, const Value& format, const Value& values) {
    interpreter.budget().bytes(format.bytes().size());
    return makeText(interpreter.budget(), PercentFormat(interpreter, format, values).run(), format.string().markup);
}

}  // namespace larder::text::jinja
