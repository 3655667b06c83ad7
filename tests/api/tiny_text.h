// A tiny byte-level vocabulary with a chat template: no file, no model. Any thread.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/model_texts.h"
#include "engine/formats/gguf.h"
#include "engine/text/byte_alphabet.h"
#include "tests/support/gguf_writer.h"

namespace larder::api {

// Ids of the tiny vocabulary: three control tokens, one token for each byte, then whole words.
inline constexpr TokenId kEndOfText = 0;
inline constexpr TokenId kImStart = 1;
inline constexpr TokenId kImEnd = 2;
inline constexpr TokenId kFirstByte = 3;
inline constexpr TokenId kWorld = 259;     // " world"
inline constexpr TokenId kHalfStop = 260;  // "ab##"
inline constexpr TokenId kRestStop = 261;  // "##cd"
inline constexpr std::size_t kTinyVocabulary = 262;

inline constexpr const char* kTinyTemplate =
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

inline TokenId byteToken(char byte) {
    return kFirstByte + static_cast<unsigned char>(byte);
}

inline std::vector<TokenId> byteTokens(std::string_view text) {
    std::vector<TokenId> tokens;
    for (const char byte : text) tokens.push_back(byteToken(byte));
    return tokens;
}

struct TinyText {
    bool addsBos = false;
    const char* chatTemplate = kTinyTemplate;  // null: none
};

inline SharedModelText makeTinyText(const TinyText& shape = {}) {
    std::vector<std::string> tokens{"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
    std::vector<std::int32_t> types{3, 3, 3};
    for (int byte = 0; byte < 256; ++byte) tokens.push_back(text::alphabetCharacter(static_cast<unsigned char>(byte)));
    for (const char* word : {" world", "ab##", "##cd"}) {
        std::string spelled;
        for (const char* c = word; *c != '\0'; ++c) spelled += text::alphabetCharacter(static_cast<unsigned char>(*c));
        tokens.push_back(spelled);
    }
    types.resize(tokens.size(), 1);
    support::GgufWriter writer;
    writer.text("general.architecture", "llama")
        .text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", "gpt2")
        .texts("tokenizer.ggml.tokens", tokens)
        .array("tokenizer.ggml.token_type", types)
        .texts("tokenizer.ggml.merges", {})
        .value("tokenizer.ggml.bos_token_id", std::uint32_t{0})
        .value("tokenizer.ggml.eos_token_id", std::uint32_t{2})
        .value("tokenizer.ggml.add_bos_token", shape.addsBos);
    const std::vector<std::byte> bytes = writer.bytes();
    auto file = formats::GgufFile::parse(bytes, "tiny");
    assert(file.ok());
    auto tokenizer = text::Tokenizer::fromGguf(*file);
    assert(tokenizer.ok());
    auto result = std::make_shared<text::ModelText>();
    result->tokenizer = *tokenizer;
    if (shape.chatTemplate != nullptr) {
        auto chatTemplate = text::ChatTemplate::compile(shape.chatTemplate);
        assert(chatTemplate.ok());
        result->chatTemplate = *chatTemplate;
    } else {
        result->chatTemplateProblem = "the file has no tokenizer.chat_template";
    }
    return result;
}

}  // namespace larder::api
