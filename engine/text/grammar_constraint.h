// Keeps an answer to a grammar, from its first token on or from behind a marker on. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/constraint.h"
#include "engine/text/grammar_reader.h"
#include "engine/text/token_trie.h"
#include "engine/text/tokenizer.h"

namespace larder::text {

struct GrammarConstraintSettings {
    std::shared_ptr<const Tokenizer> tokenizer;
    std::shared_ptr<const TokenTrie> trie;         // of that tokenizer
    std::shared_ptr<const AnswerGrammar> grammar;  // REQUIRES that the trie can spell what it writes
    // Free text up to and with this. What the token that completes it holds behind it counts as far as it fits.
    std::string startAfter;
    std::vector<TokenId> stopTokens;               // not empty
};

class GrammarConstraint : public Constraint {
public:
    explicit GrammarConstraint(GrammarConstraintSettings settings);

    bool active() const override { return !m_free; }
    void allowed(std::span<std::uint64_t> mask) override;
    void accept(TokenId token) override;

private:
    struct Branch {  // of the trie
        GrammarReader::State state;
        std::uint32_t end = 0;
        GrammarReader::Mark mark;
    };
    void walk(const ByteTrie& trie, std::span<std::uint64_t> mask);
    bool mayStopAt(const GrammarReader::State& state) const;
    void acceptFree(TokenId token);
    bool acceptBytes(std::string_view bytes);

    const GrammarConstraintSettings m_settings;
    GrammarReader m_reader;
    GrammarReader::State m_state;
    bool m_free = false;
    std::string m_tail;            // of the free text: may be the marker's beginning
    std::vector<Branch> m_path;
};

}  // namespace larder::text
