// The part of ExpressionParser that applies things to expressions: calls, filters, tests.
#include <algorithm>
#include <memory>
#include <utility>

#include "engine/text/jinja/expression_nodes.h"
#include "engine/text/jinja/expression_parser.h"

namespace larder::text::jinja {

CallArguments ExpressionParser::arguments() {
    const int line = m_tokens.current().line;
    const auto require = [&](bool valid) {
        if (!valid) throw Failure{"invalid order of arguments in a call", false, line};
    };
    CallArguments out;
    m_tokens.expectOperator("(");
    for (bool first = true; !m_tokens.atOperator(")"); first = false) {
        if (!first) {
            m_tokens.expectOperator(",");
            if (m_tokens.atOperator(")")) break;
        }
        if (m_tokens.skipOperator("*")) {
            require(!out.spread && !out.namedSpread);
            out.spread = expression();
        } else if (m_tokens.skipOperator("**")) {
            require(!out.namedSpread);
            out.namedSpread = expression();
        } else if (m_tokens.at(TokenType::Name) && m_tokens.ahead().type == TokenType::Operator &&
                   m_tokens.ahead().text == "=") {
            require(!out.namedSpread);
            std::string name = m_tokens.next().text;
            m_tokens.next();
            out.named.emplace_back(std::move(name), expression());
        } else {
            require(!out.spread && !out.namedSpread && out.named.empty());
            out.positional.push_back(expression());
        }
    }
    m_tokens.expectOperator(")");
    return out;
}

ExprPtr ExpressionParser::call(ExprPtr callee) {
    const int line = m_tokens.current().line;
    CallArguments given = arguments();
    const int depth = std::max(depthOf(callee), depthOf(given));
    return withDepth(std::make_unique<Call>(std::move(callee), std::move(given), line), depth);
}

std::string ExpressionParser::dottedName() {
    std::string name = m_tokens.expect(TokenType::Name).text;
    while (m_tokens.skipOperator(".")) name += "." + m_tokens.expect(TokenType::Name).text;
    return name;
}

ExprPtr ExpressionParser::filters(ExprPtr input, FirstBar bar) {
    if (bar == FirstBar::Omitted) input = oneFilter(std::move(input));
    while (m_tokens.skipOperator("|")) input = oneFilter(std::move(input));
    return input;
}

ExprPtr ExpressionParser::oneFilter(ExprPtr input) {
    const int line = m_tokens.current().line;
    std::string name = dottedName();
    CallArguments given;
    if (m_tokens.atOperator("(")) given = arguments();
    const int depth = std::max(depthOf(input), depthOf(given));
    return withDepth(
        std::make_unique<Applied>(ExprType::Filter, std::move(input), std::move(name), std::move(given), line), depth);
}

ExprPtr ExpressionParser::test(ExprPtr input) {
    const int line = m_tokens.next().line;
    const bool negated = m_tokens.skipName("not");
    std::string name = dottedName();
    CallArguments given;
    const TokenType type = m_tokens.current().type;
    if (m_tokens.atOperator("(")) {
        given = arguments();
    } else if ((type == TokenType::Name || type == TokenType::String || type == TokenType::Integer ||
                type == TokenType::Float || m_tokens.atOperator("[") || m_tokens.atOperator("{")) &&
               !m_tokens.atName("else") && !m_tokens.atName("or") && !m_tokens.atName("and")) {
        if (m_tokens.atName("is")) m_tokens.failHere("tests cannot be chained with is");
        given.positional.push_back(postfix(primary(Namespaces::Refused)));
    }
    const int depth = std::max(depthOf(input), depthOf(given));
    ExprPtr node = withDepth(
        std::make_unique<Applied>(ExprType::Test, std::move(input), std::move(name), std::move(given), line), depth);
    return negated ? makeParts(ExprType::Not, line, std::move(node)) : std::move(node);
}

}  // namespace larder::text::jinja
