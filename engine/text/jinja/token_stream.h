// The parser's view of the tokens: one current token, tests and expectations on it. One thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/jinja/lexer.h"

namespace larder::text::jinja {

class TokenStream {
public:
    explicit TokenStream(std::vector<Token> tokens) : m_tokens(std::move(tokens)) {}

    const Token& current() const { return m_tokens[m_at]; }
    const Token& ahead() const { return m_tokens[m_at + 1 < m_tokens.size() ? m_at + 1 : m_at]; }
    std::size_t position() const { return m_at; }
    void moveTo(std::size_t position) { m_at = position; }
    // The current token, then one further. Stays at the end.
    const Token& next();

    bool at(TokenType type) const { return current().type == type; }
    bool atOperator(std::string_view text) const { return at(TokenType::Operator) && current().text == text; }
    bool atName(std::string_view text) const { return at(TokenType::Name) && current().text == text; }
    bool skipOperator(std::string_view text);
    bool skipName(std::string_view text);

    // Failure when the current token is another.
    const Token& expect(TokenType type);
    void expectOperator(std::string_view text);
    [[noreturn]] void failHere(std::string message) const;
    std::string describe() const;

private:
    std::vector<Token> m_tokens;
    std::size_t m_at = 0;
};

}  // namespace larder::text::jinja
