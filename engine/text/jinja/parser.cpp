#include "engine/text/jinja/parser.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "engine/text/jinja/expression_parser.h"
#include "engine/text/jinja/scopes.h"
#include "engine/text/jinja/token_stream.h"

namespace larder::text::jinja {
namespace {

constexpr int kMaxBlockDepth = 100;

using Namespaces = ExpressionParser::Namespaces;
using Conditions = ExpressionParser::Conditions;

class StatementParser {
public:
    explicit StatementParser(std::string_view source) : m_tokens(tokenize(source)), m_expressions(m_tokens) {}

    Body run() {
        Body body = statements({});
        return body;
    }

private:
    using EndNames = std::initializer_list<std::string_view>;

    // Up to a tag of one of the names, which stays current; up to the end of the template without names.
    Body statements(EndNames ends);
    // The same for a block's content: its tag is ended first and its end must come.
    Body block(EndNames ends);
    Body blockTo(std::string_view end);
    std::unique_ptr<Statement> statement();
    std::unique_ptr<Statement> parseFor();
    std::unique_ptr<Statement> parseIf();
    std::unique_ptr<Statement> parseSet();
    std::unique_ptr<Statement> parseMacro();
    std::unique_ptr<Statement> parseCall();
    std::unique_ptr<Statement> parseGeneration();
    std::unique_ptr<Statement> parseFilter();
    std::unique_ptr<Statement> parseWith();
    std::unique_ptr<Statement> parsePrint();
    std::unique_ptr<Statement> parseLoopControl(StatementType type);
    void signature(Function& function);

    TokenStream m_tokens;
    ExpressionParser m_expressions;
    int m_depth = 0;
    int m_loops = 0;
};

Body StatementParser::statements(EndNames ends) {
    if (++m_depth > kMaxBlockDepth) m_tokens.failHere("blocks are nested too deeply");
    Body body;
    std::unique_ptr<Output> output;
    const auto flush = [&] {
        if (output) body.push_back(std::move(output));
    };
    const auto put = [&](ExprPtr expr) {
        if (!output) output = std::make_unique<Output>(expr->line);
        output->parts.push_back(std::move(expr));
    };
    while (!m_tokens.at(TokenType::End)) {
        const Token& token = m_tokens.next();
        if (token.type == TokenType::Data) {
            put(std::make_unique<Constant>(literalString(token.text), token.line));
        } else if (token.type == TokenType::VariableBegin) {
            put(m_expressions.tuple());
            m_tokens.expect(TokenType::VariableEnd);
        } else {
            flush();
            const auto ended = [&](std::string_view name) { return m_tokens.atName(name); };
            if (std::any_of(ends.begin(), ends.end(), ended)) {
                --m_depth;
                return body;
            }
            body.push_back(statement());
            m_tokens.expect(TokenType::BlockEnd);
        }
    }
    flush();
    --m_depth;
    return body;
}

Body StatementParser::block(EndNames ends) {
    const int line = m_tokens.current().line;
    m_tokens.skipOperator(":");
    m_tokens.expect(TokenType::BlockEnd);
    Body body = statements(ends);
    if (m_tokens.at(TokenType::End)) {
        throw Failure{"the template ends before '" + std::string(*(ends.end() - 1)) + "'", false, line};
    }
    return body;
}

Body StatementParser::blockTo(std::string_view end) {
    Body body = block({end});
    m_tokens.next();
    return body;
}

std::unique_ptr<Statement> StatementParser::statement() {
    const Token tag = m_tokens.current();
    if (tag.type != TokenType::Name) m_tokens.failHere("expected a tag name, got " + m_tokens.describe());
    if (tag.text == "for") return parseFor();
    if (tag.text == "if") return parseIf();
    if (tag.text == "set") return parseSet();
    if (tag.text == "macro") return parseMacro();
    if (tag.text == "call") return parseCall();
    if (tag.text == "generation") return parseGeneration();
    if (tag.text == "filter") return parseFilter();
    if (tag.text == "with") return parseWith();
    if (tag.text == "print") return parsePrint();
    if (tag.text == "break") return parseLoopControl(StatementType::Break);
    if (tag.text == "continue") return parseLoopControl(StatementType::Continue);
    for (const char* name : {"block", "extends", "include", "import", "from", "autoescape"}) {
        if (tag.text == name) m_tokens.failHere("the tag '" + tag.text + "' is not supported");
    }
    m_tokens.failHere("unknown tag '" + tag.text + "'");
}

std::unique_ptr<Statement> StatementParser::parseFor() {
    auto node = std::make_unique<For>(m_tokens.next().line);
    const std::size_t firstToken = m_tokens.position();
    node->target = m_expressions.target(Namespaces::Refused, "in");
    if (!m_tokens.skipName("in")) m_tokens.failHere("expected 'in', got " + m_tokens.describe());
    node->iterable = m_expressions.tuple(Conditions::Refused, "recursive");
    if (m_tokens.skipName("if")) {
        node->test = m_expressions.expression();
        const std::size_t here = m_tokens.position();
        m_tokens.moveTo(firstToken);
        node->testTarget = m_expressions.target(Namespaces::Refused, "in");
        m_tokens.moveTo(here);
    }
    if (m_tokens.atName("recursive")) m_tokens.failHere("recursive loops are not supported");
    ++m_loops;
    node->body = block({"else", "endfor"});
    --m_loops;
    if (m_tokens.next().text == "else") node->otherwise = blockTo("endfor");
    return node;
}

std::unique_ptr<Statement> StatementParser::parseIf() {
    auto node = std::make_unique<If>(m_tokens.next().line);
    for (;;) {
        ExprPtr test = m_expressions.tuple(Conditions::Refused);
        node->branches.emplace_back(std::move(test), block({"elif", "else", "endif"}));
        const std::string& tag = m_tokens.next().text;
        if (tag == "elif") continue;
        if (tag == "else") node->otherwise = blockTo("endif");
        return node;
    }
}

std::unique_ptr<Statement> StatementParser::parseSet() {
    const int line = m_tokens.next().line;
    ExprPtr target = m_expressions.target(Namespaces::Allowed);
    if (m_tokens.skipOperator("=")) {
        auto node = std::make_unique<Set>(line);
        node->target = std::move(target);
        node->value = m_expressions.tuple();
        return node;
    }
    auto node = std::make_unique<SetBlock>(line);
    node->target = std::move(target);
    node->filter = m_expressions.filters(nullptr);
    node->body = blockTo("endset");
    return node;
}

void StatementParser::signature(Function& function) {
    m_tokens.expectOperator("(");
    while (!m_tokens.atOperator(")")) {
        if (!function.parameters.empty()) m_tokens.expectOperator(",");
        const Token& token = m_tokens.expect(TokenType::Name);
        auto parameter = std::make_unique<Name>(token.text, token.line);
        parameter->target = true;
        if (m_tokens.skipOperator("=")) {
            function.defaults.push_back(m_expressions.expression());
        } else if (!function.defaults.empty()) {
            m_tokens.failHere("a parameter without a default follows one with a default");
        }
        function.parameters.push_back(std::move(parameter));
    }
    m_tokens.expectOperator(")");
}

std::unique_ptr<Statement> StatementParser::parseMacro() {
    auto node = std::make_unique<Macro>(m_tokens.next().line);
    node->function.name = m_tokens.expect(TokenType::Name).text;
    signature(node->function);
    const int loops = std::exchange(m_loops, 0);
    node->function.body = blockTo("endmacro");
    m_loops = loops;
    return node;
}

std::unique_ptr<Statement> StatementParser::parseCall() {
    auto node = std::make_unique<CallBlock>(m_tokens.next().line);
    if (m_tokens.atOperator("(")) signature(node->function);
    node->call = m_expressions.expression();
    if (node->call->type != ExprType::Call) m_tokens.failHere("expected a call after 'call'");
    const int loops = std::exchange(m_loops, 0);
    node->function.body = blockTo("endcall");
    m_loops = loops;
    return node;
}

std::unique_ptr<Statement> StatementParser::parseGeneration() {
    auto node = std::make_unique<CallBlock>(m_tokens.next().line);
    const int loops = std::exchange(m_loops, 0);
    node->function.body = blockTo("endgeneration");
    m_loops = loops;
    return node;
}

std::unique_ptr<Statement> StatementParser::parseFilter() {
    auto node = std::make_unique<FilterBlock>(m_tokens.next().line);
    node->filter = m_expressions.filters(nullptr, ExpressionParser::FirstBar::Omitted);
    node->body = blockTo("endfilter");
    return node;
}

std::unique_ptr<Statement> StatementParser::parseWith() {
    auto node = std::make_unique<With>(m_tokens.next().line);
    while (!m_tokens.at(TokenType::BlockEnd) && !m_tokens.atOperator(":")) {
        if (!node->targets.empty()) m_tokens.expectOperator(",");
        node->targets.push_back(m_expressions.target(Namespaces::Refused));
        m_tokens.expectOperator("=");
        node->values.push_back(m_expressions.expression());
    }
    node->body = blockTo("endwith");
    return node;
}

std::unique_ptr<Statement> StatementParser::parsePrint() {
    auto node = std::make_unique<Output>(m_tokens.next().line);
    while (!m_tokens.at(TokenType::BlockEnd)) {
        if (!node->parts.empty()) m_tokens.expectOperator(",");
        node->parts.push_back(m_expressions.expression());
    }
    return node;
}

std::unique_ptr<Statement> StatementParser::parseLoopControl(StatementType type) {
    if (m_loops == 0) m_tokens.failHere("'" + m_tokens.current().text + "' outside of a loop");
    return std::make_unique<Statement>(type, m_tokens.next().line);
}

}  // namespace

Program parse(std::string_view source) {
    Program program;
    program.body = StatementParser(source).run();
    resolveScopes(program);
    return program;
}

}  // namespace larder::text::jinja
