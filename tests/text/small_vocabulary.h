// Vocabularies for tests: written as GGUF bytes, read back by Tokenizer::fromGguf. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/text/byte_alphabet.h"
#include "engine/text/tokenizer.h"
#include "tests/support/gguf_writer.h"

namespace larder::text {

constexpr std::int32_t kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6;

struct SmallVocabulary {
    std::optional<std::string> model = "gpt2";
    std::optional<std::string> pre = "gpt2";
    std::vector<std::string> tokens;
    std::vector<std::int32_t> types;
    std::vector<std::string> merges;
    support::GgufWriter more;  // further keys

    // The 256 bytes, in order: byte b is token b.
    static SmallVocabulary ofBytes() {
        SmallVocabulary vocabulary;
        for (int byte = 0; byte < 256; ++byte) vocabulary.add(alphabetCharacter(static_cast<unsigned char>(byte)));
        return vocabulary;
    }
    TokenId add(const std::string& text, std::int32_t type = kNormal) {
        tokens.push_back(text);
        types.push_back(type);
        return static_cast<TokenId>(tokens.size() - 1);
    }
    // Adds the merge and the token it makes.
    TokenId merge(const std::string& left, const std::string& right, std::int32_t type = kNormal) {
        merges.push_back(left + " " + right);
        return add(left + right, type);
    }
    Expected<std::shared_ptr<const Tokenizer>> build() const {
        support::GgufWriter writer = more;
        if (model) writer.text("tokenizer.ggml.model", *model);
        if (pre) writer.text("tokenizer.ggml.pre", *pre);
        writer.texts("tokenizer.ggml.tokens", tokens).texts("tokenizer.ggml.merges", merges);
        writer.array("tokenizer.ggml.token_type", types);
        return read(writer);
    }
    static Expected<std::shared_ptr<const Tokenizer>> read(const support::GgufWriter& writer) {
        const std::vector<std::byte> bytes = writer.bytes();
        const auto file = formats::GgufFile::parse(bytes, "small.gguf");
        if (!file) return file.error();
        return Tokenizer::fromGguf(*file);  // keeps nothing of the file
    }
};

}  // namespace larder::text
