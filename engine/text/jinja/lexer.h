// Template source -> tokens, with whitespace control, trim_blocks and lstrip_blocks already applied. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace larder::text::jinja {

enum class TokenType : std::uint8_t {
    Data, VariableBegin, VariableEnd, BlockBegin, BlockEnd, Name, String, Integer, Float, Operator, End,
};

struct Token {
    TokenType type = TokenType::End;
    std::string text;  // data, name, the string's value, or the operator
    int line = 1;
    std::int64_t integer = 0;
    double number = 0;
};

// The last token is End. Throws Failure with the line.
std::vector<Token> tokenize(std::string_view source);

}  // namespace larder::text::jinja
