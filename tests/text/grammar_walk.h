// Walks through what a constraint allows: random tokens, as a model would choose them that knows nothing. One thread.
#pragma once

#include <algorithm>
#include <bit>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/constraint.h"
#include "engine/text/tokenizer.h"

namespace larder::text {

inline bool isSet(const std::vector<std::uint64_t>& mask, TokenId token) {
    return (mask[static_cast<std::size_t>(token) / 64] >> (token % 64) & 1) != 0;
}

inline std::vector<std::uint64_t> allowedBy(Constraint& constraint, const Tokenizer& tokenizer) {
    std::vector<std::uint64_t> mask((tokenizer.vocabulary() + 63) / 64, ~std::uint64_t{0});
    constraint.allowed(mask);
    return mask;
}

inline std::vector<TokenId> tokensOf(const std::vector<std::uint64_t>& mask) {
    std::vector<TokenId> tokens;
    for (std::size_t word = 0; word < mask.size(); ++word)
        for (std::uint64_t left = mask[word]; left != 0; left &= left - 1)
            tokens.push_back(static_cast<TokenId>(word * 64 + static_cast<std::size_t>(std::countr_zero(left))));
    return tokens;
}

// What parsers see of a token.
inline std::string seenText(const Tokenizer& tokenizer, TokenId token) {
    const std::string_view bytes = tokenizer.bytes(token);
    return std::string(bytes.empty() ? tokenizer.text(token) : bytes);
}

class GrammarWalk {
public:
    GrammarWalk(const Tokenizer& tokenizer, std::vector<TokenId> stops, unsigned seed)
        : m_tokenizer(tokenizer), m_stops(std::move(stops)), m_random(seed) {}

    // The text up to the end. After `patience` tokens it takes the nearest way out. Throws where there is none.
    std::string run(Constraint& constraint, std::size_t patience = 60) {
        std::string text;
        for (std::size_t step = 0; step < 5000; ++step) {
            if (!constraint.active()) throw std::logic_error("not active behind " + text);
            const std::vector<std::uint64_t> mask = allowedBy(constraint, m_tokenizer);
            const std::vector<TokenId> tokens = tokensOf(mask);
            if (tokens.empty()) throw std::logic_error("a dead end behind " + text);
            const bool mayEnd = isSet(mask, m_stops.front());
            if (mayEnd && (step >= patience || m_random() % 4 == 0)) return text;
            const TokenId token = choose(tokens, step >= patience);
            if (std::ranges::find(m_stops, token) != m_stops.end()) return text;
            text += seenText(m_tokenizer, token);
            constraint.accept(token);
        }
        throw std::logic_error("no end: " + text.substr(0, 500));
    }

private:
    TokenId choose(const std::vector<TokenId>& tokens, bool hurry) {
        const auto startingWith = [&](char first) {
            std::vector<TokenId> found;
            for (const TokenId token : tokens)
                if (hurry ? m_tokenizer.bytes(token) == std::string_view(&first, 1) : m_tokenizer.bytes(token).starts_with(first)) found.push_back(token);
            return found;
        };
        if (hurry || m_random() % 3 == 0) {
            for (const char first : {'"', '}', ']', ':'})
                if (const auto found = startingWith(first); !found.empty()) return found[m_random() % found.size()];
        }
        return tokens[m_random() % tokens.size()];
    }

    const Tokenizer& m_tokenizer;
    const std::vector<TokenId> m_stops;
    std::mt19937 m_random;
};

}  // namespace larder::text
