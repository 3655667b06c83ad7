// The tokens of a GGUF (tokenizer.ggml.tokens and token_type): what each is, how it is written and which bytes it
// stands for. Owns copies, so the file may be closed. Immutable: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/error.h"
#include "engine/formats/gguf.h"
#include "engine/text/token_index.h"
#include "engine/types.h"

namespace larder::text {

// tokenizer.ggml.token_type; the numbers are on disk.
enum class TokenKind : std::uint8_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

class Vocabulary {
public:
    // Error names the key and the token: missing list, two tokens of one text, lists of unequal length.
    static Expected<Vocabulary> read(const formats::GgufFile& file);

    std::size_t size() const { return m_kinds.size(); }
    TokenKind kind(TokenId token) const { return m_kinds[static_cast<std::size_t>(token)]; }
    // Never text, never out of text that a user wrote.
    bool isControl(TokenId token) const {
        return kind(token) == TokenKind::Control || kind(token) == TokenKind::Unknown;
    }
    std::string_view text(TokenId token) const { return view(m_texts, token); }
    // Empty for control and unused tokens.
    std::string_view bytes(TokenId token) const { return view(m_bytes, token); }
    std::optional<TokenId> find(std::string_view text) const { return m_index.find(text); }
    // The token that is this one byte; nullopt where the vocabulary has none (bytes its training text never had).
    std::optional<TokenId> byteToken(unsigned char byte) const;

private:
    // Strings one behind the other: string i is [ends[i - 1], ends[i]).
    struct Strings {
        std::vector<char> characters;
        std::vector<std::size_t> ends;
        void append(std::string_view string);
    };
    explicit Vocabulary(std::size_t tokens) : m_index(tokens) {}
    static std::string_view view(const Strings& strings, TokenId token);

    std::vector<TokenKind> m_kinds;
    Strings m_texts;
    Strings m_bytes;
    TokenIndex m_index;  // views into m_texts
};

}  // namespace larder::text
