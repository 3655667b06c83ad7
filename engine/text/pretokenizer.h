// Splits text into the pieces inside which BPE merges: the regular expression of a vocabulary's `tokenizer.ggml.pre`
// (gpt2, smollm, llama-bpe, qwen2), run by PCRE2 with Unicode properties. Immutable: any thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/error.h"

namespace larder::text {

class Pretokenizer {
public:
    // Unsupported lists the names there are.
    static Expected<std::unique_ptr<Pretokenizer>> create(std::string_view name);
    ~Pretokenizer();

    // Pieces in order that together are the whole text. Bytes that are not UTF-8 become pieces of their own.
    std::vector<std::string_view> split(std::string_view text) const;

    // Of the family: files that name an alias get the same.
    std::string_view name() const;

    // Whether a piece that is a vocabulary entry as a whole is taken without merging (llama-bpe's ignore_merges).
    bool ignoresMerges() const;

private:
    Pretokenizer();
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::text
