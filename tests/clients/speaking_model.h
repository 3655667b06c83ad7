// A test double for the next-token function, and for nothing else: a model that says what a script tells it, so that real
// clients can hold conversations with the real server. It reads a real model's tokenizer (ChatML: <|im_start|>, <|im_end|>)
// and computes nothing. What it says depends on all tokens of the sequence, READ BACK THROUGH THE KV BLOCKS: a wrong block
// table, or a block reused where it does not belong, changes the answer. Its KV is 4 bytes a token.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/error.h"
#include "engine/model/model.h"
#include "engine/text/tokenizer.h"
#include "tests/clients/script.h"

namespace larder::clients {

struct SpeakingDelays {
    std::chrono::milliseconds prefill{0};  // for each step that computes a prompt
    std::chrono::milliseconds decode{0};   // for each other step
};

class SpeakingModel : public model::Model {
public:
    // Error: no model file, or one without ChatML's tokens.
    static Expected<std::unique_ptr<model::Model>> load(const std::filesystem::path& path, std::shared_ptr<const Script> script,
                                                        SpeakingDelays delays);

    const model::KvLayout& kvLayout() const override { return m_layout; }
    base::Hash128 identity() const override { return {0x5350454b, static_cast<std::uint64_t>(m_tokenizer->vocabulary())}; }
    int vocabulary() const override { return static_cast<int>(m_tokenizer->vocabulary()); }
    int contextTokens() const override { return 1 << 20; }
    std::size_t weightBytes() const override { return 0; }
    void forward(const model::Batch& batch, std::span<float> logits) override;

private:
    struct Marks {
        TokenId start = 0;  // <|im_start|>
        TokenId end = 0;    // <|im_end|>
    };
    SpeakingModel(std::shared_ptr<const text::Tokenizer> tokenizer, Marks marks, std::shared_ptr<const Script> script, SpeakingDelays delays)
        : m_tokenizer(std::move(tokenizer)), m_marks(marks), m_script(std::move(script)), m_delays(delays) {}

    std::vector<TokenId> next(std::span<const TokenId> tokens);
    const std::string& answerTo(std::span<const TokenId> prompt);
    std::string textOf(std::span<const TokenId> tokens) const;

    std::shared_ptr<const text::Tokenizer> m_tokenizer;
    Marks m_marks;
    std::shared_ptr<const Script> m_script;
    SpeakingDelays m_delays;
    model::KvLayout m_layout{.layers = 1, .kvHeads = 1, .headDim = 1, .type = KvType::F32};  // 512 bytes: 256 used
    std::unordered_map<std::uint64_t, std::string> m_answers;  // by a hash of the prompt's tokens
};

}  // namespace larder::clients
