// A vocabulary by the bytes of its tokens, so that a grammar looks at a common beginning once. Immutable: any thread.
//
// Tokens without bytes are not in it, with one exception: a control token that marks a tool call (<tool_call>) is spelled
// as one byte that UTF-8 never has, and so is the marker in texts that went through spelled(). So the marker is written by
// its token, as the model learned it, and never letter by letter nor inside a string.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/text/tokenizer.h"
#include "engine/types.h"

namespace larder::text {

// Depth first: the node behind a node is its first child, if there is one before `end`.
struct ByteTrie {
    struct Node {
        std::uint32_t end = 0;         // first node that is not below this one
        std::uint32_t firstToken = 0;  // of those that end here, up to the next node's firstToken
        std::uint8_t byte = 0;
    };
    std::vector<Node> nodes;      // [nodes + 1], the last one is not a node
    std::vector<TokenId> tokens;  // in the order of their bytes

    std::size_t size() const { return nodes.size() - 1; }
};

class TokenTrie {
public:
    // The tokenizer's trie, made by the first who asks (tens of milliseconds) and kept while anyone holds it. Unsupported
    // when single bytes are missing without which a JSON text could not be continued.
    static Expected<std::shared_ptr<const TokenTrie>> of(const std::shared_ptr<const Tokenizer>& tokenizer);

    const ByteTrie& all() const { return m_all; }
    // Tokens that may stand anywhere inside a JSON string: whole UTF-8 characters, none with a meaning of its own.
    std::span<const std::uint64_t> plain() const { return m_plain; }  // [ceil(vocabulary / 64)]
    const ByteTrie& notPlain() const { return m_notPlain; }

    std::string_view spelling(TokenId token) const;  // empty: it cannot be part of an answer that is kept to a grammar
    std::string spelled(std::string text) const;     // with markers that are control tokens as their byte

    // Whether every byte has a token of its own, so that the text can be written from any place on.
    bool canSpell(std::string_view text) const;
    // Whether a character that a token began can always be completed.
    bool completesUtf8() const { return m_completesUtf8; }

private:
    explicit TokenTrie(std::shared_ptr<const Tokenizer> tokenizer);
    void addMarkers();
    void build();

    struct Marker {
        TokenId token = 0;
        std::string text;
        std::string spelling;  // one byte
    };

    std::shared_ptr<const Tokenizer> m_tokenizer;
    std::vector<Marker> m_markers;
    ByteTrie m_all;
    ByteTrie m_notPlain;
    std::vector<std::uint64_t> m_plain;
    std::bitset<256> m_single;  // bytes that are a token
    bool m_completesUtf8 = false;
};

}  // namespace larder::text
