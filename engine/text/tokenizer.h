// Strings <-> token ids for byte-level BPE vocabularies, from a GGUF's metadata (tokenizer.ggml.*).
// Immutable: any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/error.h"
#include "engine/formats/gguf.h"
#include "engine/types.h"

namespace larder::text {

// A piece of a prompt. Control tokens (token_type 3: <|im_start|>) are recognised only where they lie wholly inside
// trusted text, which the chat template wrote; in text that came from the user they are ordinary characters, and no
// merge leads to one. User-defined tokens (token_type 4: <think>, runs of blanks) mark no role; they are recognised
// everywhere, as in the tokenizers the models were trained with.
struct TextSegment {
    std::string text;
    bool trusted = false;
};

class Tokenizer {
public:
    // Error names the missing key or the unsupported model / pretokenizer and lists the supported ones.
    static Expected<std::shared_ptr<const Tokenizer>> fromGguf(const formats::GgufFile& file);
    ~Tokenizer();

    // The segments are one text: pieces that BPE may merge may span segment borders. Bytes that are not UTF-8 are
    // encoded byte by byte. A byte for which the vocabulary has no token (the starter lacks 21, such as 0x04) is left
    // out, as in the reference. No BOS is added (see addsBos()).
    std::vector<TokenId> encode(std::span<const TextSegment> segments) const;
    std::vector<TokenId> encode(std::string_view userText) const;     // nothing trusted
    std::vector<TokenId> encodeTrusted(std::string_view text) const;  // special tokens recognised everywhere

    // Where control tokens begin in the segments' text, in order, as byte offsets. The tokens of what stands before such a
    // place and of what stands behind it are the tokens of the whole.
    std::vector<std::size_t> controlPlaces(std::span<const TextSegment> segments) const;

    // The bytes a token stands for; empty for control tokens and for ids outside the vocabulary. Lives as long as the
    // tokenizer.
    std::string_view bytes(TokenId token) const;
    // The token as written in the vocabulary ("<|im_end|>"), for logprobs and messages.
    std::string_view text(TokenId token) const;
    bool isControl(TokenId token) const;
    std::optional<TokenId> find(std::string_view vocabularyText) const;

    std::size_t vocabulary() const;
    // The same for every tokenizer that makes the same tokens of a text: of all vocabulary texts and types, the merges
    // and the pretokenizer. Computed when opened; equal on every machine.
    base::Hash128 digest() const;
    bool addsBos() const;  // whether prompts that are plain text start with BOS
    std::optional<TokenId> bos() const;
    std::optional<TokenId> eos() const;
    std::span<const TokenId> endTokens() const;  // eos, eot, eom: end an answer

private:
    Tokenizer();
    bool contains(TokenId token) const;
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::text
