#include "engine/text/jinja/lexer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/text/jinja/budget.h"
#include "engine/text/jinja/literals.h"
#include "engine/text/jinja/unicode.h"

namespace larder::text::jinja {
namespace {

constexpr std::size_t kMaxSourceBytes = 1u << 20;

// Line ends become \n and the last one is dropped.
std::string normalized(std::string_view source) {
    std::string out;
    out.reserve(source.size());
    for (std::size_t i = 0; i < source.size(); ++i) {
        if (source[i] != '\r') {
            out += source[i];
            continue;
        }
        out += '\n';
        if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    }
    if (!out.empty() && out.back() == '\n') out.pop_back();
    return base::repairUtf8(out);
}

int countLines(std::string_view text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

std::size_t skipSpace(std::string_view text, std::size_t at) {
    for (;;) {
        const base::CodePoint point = base::decodeUtf8(text, at);
        if (point.bytes == 0 || !isSpace(point.value)) return at;
        at += point.bytes;
    }
}

// Where the white space at the end of text[first, last) begins.
std::size_t trailingSpace(std::string_view text, std::size_t first, std::size_t last) {
    while (last > first) {
        std::size_t at = last - 1;
        while (at > first && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
        if (!isSpace(base::decodeUtf8(text, at).value)) break;
        last = at;
    }
    return last;
}

class Lexer {
public:
    explicit Lexer(std::string_view source) : m_source(normalized(source)) {}

    std::vector<Token> run() {
        while (m_at < m_source.size()) data();
        add(TokenType::End, "");
        return std::move(m_tokens);
    }

private:
    [[noreturn]] void failHere(std::string message) const { throw Failure{std::move(message), false, m_line}; }

    void add(TokenType type, std::string text) {
        Token token;
        token.type = type;
        token.text = std::move(text);
        token.line = m_line;
        m_tokens.push_back(std::move(token));
    }

    // Everything between m_at and end has been read.
    void advance(std::size_t end) {
        m_line += countLines(std::string_view(m_source).substr(m_at, end - m_at));
        if (end > m_at) m_lineStarting = m_source[end - 1] == '\n';
        m_at = end;
    }

    bool startsWith(std::size_t at, std::string_view what) const {
        return std::string_view(m_source).substr(std::min(at, m_source.size()), what.size()) == what;
    }

    char signAt(std::size_t at) const {
        return at < m_source.size() && (m_source[at] == '-' || m_source[at] == '+') ? m_source[at] : '\0';
    }

    void data();
    void literal(std::size_t last, char sign, bool statement);
    std::optional<std::size_t> rawBegin(std::size_t at) const;
    void raw(std::size_t begin);
    void comment(std::size_t body);
    void code(bool statement);
    std::optional<std::size_t> codeEnd(bool statement) const;
    void token();
    void number();
    void name();
    void string();
    void oper();

    const std::string m_source;
    std::size_t m_at = 0;
    int m_line = 1;
    bool m_lineStarting = true;  // what was read last ended a line
    std::string m_open;          // brackets that wait to be closed
    std::vector<Token> m_tokens;
};

// Text up to the next tag, then that tag.
void Lexer::data() {
    std::size_t tag = m_at;
    for (;; ++tag) {
        tag = m_source.find('{', tag);
        if (tag == std::string::npos || tag + 1 >= m_source.size()) {
            add(TokenType::Data, m_source.substr(m_at));
            m_at = m_source.size();
            return;
        }
        const char next = m_source[tag + 1];
        if (next == '{' || next == '%' || next == '#') break;
    }
    const char kind = m_source[tag + 1];
    const char sign = signAt(tag + 2);
    literal(tag, sign, kind != '{');
    if (kind == '%') {
        if (const auto body = rawBegin(tag)) {
            advance(*body);
            raw(*body);
            return;
        }
    }
    advance(tag + (sign != '\0' ? 3 : 2));
    if (kind == '#') comment(m_at);
    else code(kind == '%');
}

// The text before a tag, with what the tag takes from its end.
void Lexer::literal(std::size_t last, char sign, bool statement) {
    std::size_t end = last;
    if (sign == '-') {
        end = trailingSpace(m_source, m_at, last);
    } else if (sign == '\0' && statement) {
        const std::size_t newline = std::string_view(m_source).substr(m_at, last - m_at).rfind('\n');
        const std::size_t lineStart = newline == std::string_view::npos ? m_at : m_at + newline + 1;
        if ((newline != std::string_view::npos || m_lineStarting) &&
            trailingSpace(m_source, lineStart, last) == lineStart) {
            end = lineStart;
        }
    }
    if (end > m_at) add(TokenType::Data, m_source.substr(m_at, end - m_at));
    advance(last);
}

// Where the content of a raw block that starts at `at` begins.
std::optional<std::size_t> Lexer::rawBegin(std::size_t at) const {
    std::size_t end = skipSpace(m_source, at + (signAt(at + 2) != '\0' ? 3 : 2));
    if (!startsWith(end, "raw")) return std::nullopt;
    end = skipSpace(m_source, end + 3);
    if (startsWith(end, "-%}")) return skipSpace(m_source, end + 3);
    if (startsWith(end, "%}")) return end + 2;
    return std::nullopt;
}

void Lexer::raw(std::size_t begin) {
    for (std::size_t tag = begin;; ++tag) {
        tag = m_source.find("{%", tag);
        if (tag == std::string::npos) failHere("missing end of raw directive");
        const char sign = signAt(tag + 2);
        std::size_t end = skipSpace(m_source, tag + (sign != '\0' ? 3 : 2));
        if (!startsWith(end, "endraw")) continue;
        end = skipSpace(m_source, end + 6);
        if (startsWith(end, "-%}")) end = skipSpace(m_source, end + 3);
        else if (startsWith(end, "+%}")) end += 3;
        else if (startsWith(end, "%}")) end += startsWith(end + 2, "\n") ? 3 : 2;
        else continue;
        literal(tag, sign, true);
        advance(end);
        return;
    }
}

void Lexer::comment(std::size_t body) {
    const std::size_t close = m_source.find("#}", body);
    if (close == std::string::npos) failHere("missing end of comment tag");
    const char sign = close > body ? signAt(close - 1) : '\0';
    std::size_t end = close + 2;
    if (sign == '-') end = skipSpace(m_source, end);
    else if (sign == '\0' && startsWith(end, "\n")) ++end;
    advance(end);
}

// Where the text after the tag's end begins, if the tag ends here.
std::optional<std::size_t> Lexer::codeEnd(bool statement) const {
    const std::string_view close = statement ? "%}" : "}}";
    if (!m_open.empty()) return std::nullopt;
    if (startsWith(m_at, close)) return m_at + (statement && startsWith(m_at + 2, "\n") ? 3 : 2);
    if (!startsWith(m_at + 1, close)) return std::nullopt;
    if (m_source[m_at] == '-') return skipSpace(m_source, m_at + 3);
    if (m_source[m_at] == '+' && statement) return m_at + 3;
    return std::nullopt;
}

void Lexer::code(bool statement) {
    add(statement ? TokenType::BlockBegin : TokenType::VariableBegin, statement ? "{%" : "{{");
    m_open.clear();
    for (;;) {
        if (const auto end = codeEnd(statement)) {
            add(statement ? TokenType::BlockEnd : TokenType::VariableEnd, statement ? "%}" : "}}");
            advance(*end);
            return;
        }
        const std::size_t next = skipSpace(m_source, m_at);
        if (next > m_at) {
            advance(next);
            continue;
        }
        if (m_at >= m_source.size()) return;  // the parser meets the end where it expects more
        token();
    }
}

void Lexer::token() {
    const char c = m_source[m_at];
    const base::CodePoint point = base::decodeUtf8(m_source, m_at);
    if (c >= '0' && c <= '9') number();
    else if (c == '_' || isAlpha(point.value)) name();
    else if (c == '\'' || c == '"') string();
    else oper();
}

void Lexer::number() {
    const NumberLiteral literal = readNumberLiteral(m_source, m_at);
    if (literal.outOfRange) failHere("the number " + m_source.substr(m_at, literal.end - m_at) + " is out of range");
    add(literal.isFloat ? TokenType::Float : TokenType::Integer, m_source.substr(m_at, literal.end - m_at));
    m_tokens.back().integer = literal.integer;
    m_tokens.back().number = literal.number;
    advance(literal.end);
}

void Lexer::name() {
    std::size_t end = m_at;
    for (;;) {
        const base::CodePoint point = base::decodeUtf8(m_source, end);
        if (point.bytes == 0 || !(point.value == '_' || isAlpha(point.value) || isDecimal(point.value))) break;
        end += point.bytes;
    }
    add(TokenType::Name, m_source.substr(m_at, end - m_at));
    advance(end);
}

void Lexer::string() {
    const char quote = m_source[m_at];
    std::size_t end = m_at + 1;
    while (end < m_source.size() && m_source[end] != quote) end += m_source[end] == '\\' ? 2 : 1;
    if (end >= m_source.size()) failHere(std::string("a string that starts with ") + quote + " does not end");
    auto value = unescaped(std::string_view(m_source).substr(m_at + 1, end - m_at - 1));
    if (!value) failHere("a string holds an escape that is not complete or not supported");
    add(TokenType::String, std::move(*value));
    advance(end + 1);
}

void Lexer::oper() {
    constexpr std::string_view kDouble[] = {"//", "**", "==", "!=", ">=", "<="};
    constexpr std::string_view kSingle = "+-/*%~[](){}><=.:|,;";
    std::string text(1, m_source[m_at]);
    for (const std::string_view candidate : kDouble) {
        if (startsWith(m_at, candidate)) text = candidate;
    }
    if (text.size() == 1 && kSingle.find(text[0]) == std::string_view::npos) {
        const base::CodePoint point = base::decodeUtf8(m_source, m_at);
        failHere("unexpected character '" + m_source.substr(m_at, point.bytes) + "'");
    }
    if (text == "(") m_open += ')';
    if (text == "[") m_open += ']';
    if (text == "{") m_open += '}';
    if (text == ")" || text == "]" || text == "}") {
        if (m_open.empty()) failHere("unexpected '" + text + "'");
        if (m_open.back() != text[0]) failHere("unexpected '" + text + "', expected '" + m_open.back() + "'");
        m_open.pop_back();
    }
    const std::size_t size = text.size();
    add(TokenType::Operator, std::move(text));
    advance(m_at + size);
}

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
    if (source.size() > kMaxSourceBytes) fail("the template is larger than 1 MiB");
    return Lexer(source).run();
}

}  // namespace larder::text::jinja
