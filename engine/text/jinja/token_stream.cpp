#include "engine/text/jinja/token_stream.h"

#include "engine/text/jinja/budget.h"

namespace larder::text::jinja {
namespace {

std::string_view typeText(TokenType type) {
    switch (type) {
        case TokenType::Data: return "text";
        case TokenType::VariableBegin: return "{{";
        case TokenType::VariableEnd: return "}}";
        case TokenType::BlockBegin: return "{%";
        case TokenType::BlockEnd: return "%}";
        case TokenType::Name: return "a name";
        case TokenType::String: return "a string";
        case TokenType::Integer: return "a whole number";
        case TokenType::Float: return "a number";
        case TokenType::Operator: return "an operator";
        case TokenType::End: return "the end of the template";
    }
    return "";
}

}  // namespace

const Token& TokenStream::next() {
    const Token& token = m_tokens[m_at];
    if (m_at + 1 < m_tokens.size()) ++m_at;
    return token;
}

bool TokenStream::skipOperator(std::string_view text) {
    if (!atOperator(text)) return false;
    next();
    return true;
}

bool TokenStream::skipName(std::string_view text) {
    if (!atName(text)) return false;
    next();
    return true;
}

const Token& TokenStream::expect(TokenType type) {
    if (!at(type)) failHere("expected " + std::string(typeText(type)) + ", got " + describe());
    return next();
}

void TokenStream::expectOperator(std::string_view text) {
    if (!skipOperator(text)) failHere("expected '" + std::string(text) + "', got " + describe());
}

void TokenStream::failHere(std::string message) const { throw Failure{std::move(message), false, current().line}; }

std::string TokenStream::describe() const {
    if (at(TokenType::Name) || at(TokenType::Operator)) return "'" + current().text + "'";
    return std::string(typeText(current().type));
}

}  // namespace larder::text::jinja
