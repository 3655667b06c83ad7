#include "engine/text/jinja/expression_parser.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "engine/text/jinja/expression_nodes.h"

namespace larder::text::jinja {
namespace {

constexpr int kMaxParserDepth = 800;      // four levels a pair of parentheses

// Counts how deep the parser itself has recursed.
class Nesting {
public:
    Nesting(int& depth, const TokenStream& tokens) : m_depth(depth) {
        if (++m_depth > kMaxParserDepth) {
            --m_depth;
            tokens.failHere("an expression is nested too deeply");
        }
    }
    ~Nesting() { --m_depth; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

private:
    int& m_depth;
};

}  // namespace

ExprPtr ExpressionParser::expression(Conditions conditions) {
    const Nesting nesting(m_depth, m_tokens);
    return conditions == Conditions::Allowed ? condition() : disjunction();
}

ExprPtr ExpressionParser::tuple(Conditions conditions, std::string_view endName) {
    return tupleOf(conditions, endName, false, false, Namespaces::Refused);
}

ExprPtr ExpressionParser::target(Namespaces namespaces, std::string_view endName) {
    const int line = m_tokens.current().line;
    ExprPtr expr = tupleOf(Conditions::Refused, endName, false, true, namespaces);
    const auto mark = [&](auto&& self, Expr& node) -> void {
        if (node.type == ExprType::Tuple) {
            for (const ExprPtr& part : static_cast<Parts&>(node).parts) self(self, *part);
        } else if (node.type == ExprType::Name) {
            static_cast<Name&>(node).target = true;
        } else if (node.type != ExprType::NamespaceTarget) {
            throw Failure{"only names can be assigned to", false, line};
        }
    };
    mark(mark, *expr);
    return expr;
}

ExprPtr ExpressionParser::condition() {
    int line = m_tokens.current().line;
    ExprPtr node = disjunction();
    while (m_tokens.skipName("if")) {
        ExprPtr test = disjunction();
        ExprPtr otherwise;
        if (m_tokens.skipName("else")) otherwise = expression();
        node = makeParts(ExprType::Condition, line, std::move(test), std::move(node), std::move(otherwise));
        line = m_tokens.current().line;
    }
    return node;
}

ExprPtr ExpressionParser::disjunction() {
    const int line = m_tokens.current().line;
    ExprPtr left = conjunction();
    while (m_tokens.skipName("or")) {
        ExprPtr right = conjunction();
        left = makeParts(ExprType::Or, line, std::move(left), std::move(right));
    }
    return left;
}

ExprPtr ExpressionParser::conjunction() {
    const int line = m_tokens.current().line;
    ExprPtr left = negation();
    while (m_tokens.skipName("and")) {
        ExprPtr right = negation();
        left = makeParts(ExprType::And, line, std::move(left), std::move(right));
    }
    return left;
}

ExprPtr ExpressionParser::negation() {
    const Nesting nesting(m_depth, m_tokens);
    const int line = m_tokens.current().line;
    if (m_tokens.skipName("not")) return makeParts(ExprType::Not, line, negation());
    return comparison();
}

ExprPtr ExpressionParser::comparison() {
    static constexpr std::array<std::string_view, 6> kOperators = {"==", "!=", "<", "<=", ">", ">="};
    const int line = m_tokens.current().line;
    ExprPtr first = sum();
    std::unique_ptr<Compare> node;
    int depth = depthOf(first);
    for (;;) {
        std::string op;
        if (m_tokens.at(TokenType::Operator) &&
            std::find(kOperators.begin(), kOperators.end(), m_tokens.current().text) != kOperators.end()) {
            op = m_tokens.next().text;
        } else if (m_tokens.skipName("in")) {
            op = "in";
        } else if (m_tokens.atName("not") && m_tokens.ahead().type == TokenType::Name &&
                   m_tokens.ahead().text == "in") {
            m_tokens.next();
            m_tokens.next();
            op = "not in";
        } else {
            break;
        }
        if (!node) node = std::make_unique<Compare>(std::move(first), line);
        node->rest.emplace_back(std::move(op), sum());
        depth = std::max(depth, depthOf(node->rest.back().second));
    }
    if (!node) return first;
    return withDepth(std::move(node), depth);
}

ExprPtr ExpressionParser::sum() {
    ExprPtr left = concatenation();
    while (m_tokens.atOperator("+") || m_tokens.atOperator("-")) {
        const Token& token = m_tokens.next();
        ExprPtr right = concatenation();
        left = makeBinary(token.text, std::move(left), std::move(right), token.line);
    }
    return left;
}

ExprPtr ExpressionParser::concatenation() {
    const int line = m_tokens.current().line;
    std::vector<ExprPtr> parts;
    parts.push_back(product());
    while (m_tokens.skipOperator("~")) parts.push_back(product());
    if (parts.size() == 1) return std::move(parts.front());
    return makeParts(ExprType::Concat, std::move(parts), line);
}

ExprPtr ExpressionParser::product() {
    ExprPtr left = power();
    while (m_tokens.atOperator("*") || m_tokens.atOperator("/") || m_tokens.atOperator("//") ||
           m_tokens.atOperator("%")) {
        const Token& token = m_tokens.next();
        ExprPtr right = power();
        left = makeBinary(token.text, std::move(left), std::move(right), token.line);
    }
    return left;
}

// Left-associative, unlike Python's.
ExprPtr ExpressionParser::power() {
    ExprPtr left = unary(true);
    while (m_tokens.atOperator("**")) {
        const Token& token = m_tokens.next();
        ExprPtr right = unary(true);
        left = makeBinary("**", std::move(left), std::move(right), token.line);
    }
    return left;
}

ExprPtr ExpressionParser::unary(bool withFilters) {
    const Nesting nesting(m_depth, m_tokens);
    const int line = m_tokens.current().line;
    ExprPtr node;
    if (m_tokens.skipOperator("-")) node = makeParts(ExprType::Negate, line, unary(false));
    else if (m_tokens.skipOperator("+")) node = makeParts(ExprType::Plus, line, unary(false));
    else node = primary(Namespaces::Refused);
    node = postfix(std::move(node));
    return withFilters ? filtersAndTests(std::move(node)) : std::move(node);
}

ExprPtr ExpressionParser::primary(Namespaces namespaces) {
    const Token token = m_tokens.current();
    const auto constant = [&](Value value) -> ExprPtr {
        return std::make_unique<Constant>(std::move(value), token.line);
    };
    switch (token.type) {
        case TokenType::Name: {
            m_tokens.next();
            const std::string& name = token.text;
            if (name == "true" || name == "True") return constant(Value::boolean(true));
            if (name == "false" || name == "False") return constant(Value::boolean(false));
            if (name == "none" || name == "None") return constant(Value::none());
            if (namespaces == Namespaces::Allowed && m_tokens.skipOperator(".")) {
                return std::make_unique<NamespaceTarget>(name, m_tokens.expect(TokenType::Name).text, token.line);
            }
            return std::make_unique<Name>(name, token.line);
        }
        case TokenType::String: {
            std::string text;
            while (m_tokens.at(TokenType::String)) text += m_tokens.next().text;
            return constant(literalString(std::move(text)));
        }
        case TokenType::Integer: m_tokens.next(); return constant(Value::integer(token.integer));
        case TokenType::Float: m_tokens.next(); return constant(Value::floating(token.number));
        default: break;
    }
    if (m_tokens.skipOperator("(")) {
        ExprPtr node = tupleOf(Conditions::Allowed, {}, true, false, Namespaces::Refused);
        m_tokens.expectOperator(")");
        return node;
    }
    if (m_tokens.atOperator("[")) return listLiteral();
    if (m_tokens.atOperator("{")) return dictLiteral();
    m_tokens.failHere("unexpected " + m_tokens.describe());
}

ExprPtr ExpressionParser::tupleOf(Conditions conditions, std::string_view endName, bool parentheses, bool simple,
                                  Namespaces namespaces) {
    const Nesting nesting(m_depth, m_tokens);
    const int line = m_tokens.current().line;
    std::vector<ExprPtr> parts;
    bool isTuple = false;
    for (;;) {
        if (m_tokens.at(TokenType::VariableEnd) || m_tokens.at(TokenType::BlockEnd) || m_tokens.atOperator(")") ||
            (!endName.empty() && m_tokens.atName(endName))) {
            break;
        }
        parts.push_back(simple ? primary(namespaces) : expression(conditions));
        if (!m_tokens.skipOperator(",")) break;
        isTuple = true;
    }
    if (!isTuple) {
        if (!parts.empty()) return std::move(parts.front());
        if (!parentheses) m_tokens.failHere("expected an expression, got " + m_tokens.describe());
    }
    return makeParts(ExprType::Tuple, std::move(parts), line);
}

ExprPtr ExpressionParser::listLiteral() {
    const int line = m_tokens.current().line;
    m_tokens.expectOperator("[");
    std::vector<ExprPtr> parts;
    while (!m_tokens.atOperator("]")) {
        if (!parts.empty()) m_tokens.expectOperator(",");
        if (m_tokens.atOperator("]")) break;
        parts.push_back(expression());
    }
    m_tokens.expectOperator("]");
    return makeParts(ExprType::List, std::move(parts), line);
}

ExprPtr ExpressionParser::dictLiteral() {
    const int line = m_tokens.current().line;
    m_tokens.expectOperator("{");
    std::vector<ExprPtr> parts;
    while (!m_tokens.atOperator("}")) {
        if (!parts.empty()) m_tokens.expectOperator(",");
        if (m_tokens.atOperator("}")) break;
        parts.push_back(expression());
        m_tokens.expectOperator(":");
        parts.push_back(expression());
    }
    m_tokens.expectOperator("}");
    return makeParts(ExprType::Dict, std::move(parts), line);
}

ExprPtr ExpressionParser::postfix(ExprPtr node) {
    for (;;) {
        if (m_tokens.atOperator(".") || m_tokens.atOperator("[")) node = subscript(std::move(node));
        else if (m_tokens.atOperator("(")) node = call(std::move(node));
        else return node;
    }
}

ExprPtr ExpressionParser::filtersAndTests(ExprPtr node) {
    for (;;) {
        if (m_tokens.atOperator("|")) node = filters(std::move(node));
        else if (m_tokens.atName("is")) node = test(std::move(node));
        else if (m_tokens.atOperator("(")) node = call(std::move(node));
        else return node;
    }
}

ExprPtr ExpressionParser::subscript(ExprPtr object) {
    const Token& token = m_tokens.next();
    const int depth = depthOf(object);
    if (token.text == ".") {
        const Token& name = m_tokens.next();
        if (name.type == TokenType::Name) {
            return withDepth(std::make_unique<Attribute>(std::move(object), name.text, token.line), depth);
        }
        if (name.type != TokenType::Integer) throw Failure{"expected a name or number after '.'", false, name.line};
        ExprPtr index = std::make_unique<Constant>(Value::integer(name.integer), name.line);
        return makeParts(ExprType::Item, token.line, std::move(object), std::move(index));
    }
    std::vector<ExprPtr> parts;
    while (!m_tokens.atOperator("]")) {
        if (!parts.empty()) m_tokens.expectOperator(",");
        parts.push_back(subscriptPart());
    }
    m_tokens.expectOperator("]");
    ExprPtr index =
        parts.size() == 1 ? std::move(parts.front()) : makeParts(ExprType::Tuple, std::move(parts), token.line);
    return makeParts(ExprType::Item, token.line, std::move(object), std::move(index));
}

ExprPtr ExpressionParser::subscriptPart() {
    const int line = m_tokens.current().line;
    const auto ended = [&] { return m_tokens.atOperator(":") || m_tokens.atOperator("]") || m_tokens.atOperator(","); };
    ExprPtr start, stop, step;
    if (!m_tokens.atOperator(":")) {
        start = expression();
        if (!m_tokens.atOperator(":")) return start;
    }
    m_tokens.next();
    if (!ended()) stop = expression();
    if (m_tokens.skipOperator(":") && !ended()) step = expression();
    return makeParts(ExprType::Slice, line, std::move(start), std::move(stop), std::move(step));
}

}  // namespace larder::text::jinja
