// A test double for the model: its logits are a pure function of all tokens up to the row, READ BACK THROUGH THE KV
// BLOCKS. A wrong block table, position, chunk border or a block reused too early therefore changes the answer.
// scriptedLogits() computes the same from the tokens alone: what the answer must be.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "engine/model/model.h"
#include "engine/types.h"

namespace larder::support {

inline constexpr int kScriptedVocabulary = 101;

inline std::uint64_t scriptedMix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

// The state after one more token; order and position matter.
inline std::uint64_t scriptedState(std::uint64_t state, TokenId token) {
    return scriptedMix(state * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(token) + 1);
}

inline void scriptedRow(std::uint64_t state, std::span<float> logits) {
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const std::uint64_t bits = scriptedMix(state + i * 0x632be59bd9b4e019ULL);
        logits[i] = static_cast<float>(bits >> 40) * (16.0f / 16777216.0f) - 8.0f;
    }
}

inline std::vector<float> scriptedLogits(std::span<const TokenId> tokens, int vocabulary = kScriptedVocabulary) {
    std::uint64_t state = 0;
    for (const TokenId token : tokens) state = scriptedState(state, token);
    std::vector<float> logits(static_cast<std::size_t>(vocabulary));
    scriptedRow(state, logits);
    return logits;
}

class ScriptedModel : public model::Model {
public:
    // onForward is called on the engine thread before every step, and may block it.
    explicit ScriptedModel(std::function<void(const model::Batch&)> onForward = {},
                           int vocabulary = kScriptedVocabulary)
        : m_onForward(std::move(onForward)), m_vocabulary(vocabulary) {}

    const model::KvLayout& kvLayout() const override { return m_layout; }
    int vocabulary() const override { return m_vocabulary; }
    int contextTokens() const override { return 1 << 20; }
    std::size_t weightBytes() const override { return 0; }

    void forward(const model::Batch& batch, std::span<float> logits) override {
        if (m_onForward) m_onForward(batch);
        assert(logits.size() == batch.logitRows.size() * static_cast<std::size_t>(m_vocabulary));
        // All rows are stored before any is read, as in a real step: two sequences that share a block by mistake show.
        for (const auto& sequence : batch.sequences) {
            for (int i = 0; i < sequence.rows; ++i)
                storeToken(sequence, sequence.firstPosition + i,
                           batch.tokens[static_cast<std::size_t>(sequence.firstRow + i)]);
        }
        std::size_t next = 0;  // index into logitRows
        [[maybe_unused]] int expectedRow = 0;
        for (const auto& sequence : batch.sequences) {
            assert(sequence.firstRow == expectedRow && sequence.rows > 0);
            expectedRow += sequence.rows;
            std::uint64_t state = 0;
            for (int position = 0; position < sequence.firstPosition + sequence.rows; ++position) {
                state = scriptedState(state, loadToken(sequence, position));
                const int row = sequence.firstRow + position - sequence.firstPosition;
                if (position < sequence.firstPosition || next == batch.logitRows.size() || batch.logitRows[next] != row)
                    continue;
                const auto vocabulary = static_cast<std::size_t>(m_vocabulary);
                scriptedRow(state, logits.subspan(next++ * vocabulary, vocabulary));
            }
        }
        assert(next == batch.logitRows.size() && static_cast<std::size_t>(expectedRow) == batch.tokens.size());
    }

private:
    static std::byte* slot(const model::BatchSequence& sequence, int position) {
        const auto block = static_cast<std::size_t>(position / kBlockTokens);
        assert(block < sequence.blocks.size());
        return sequence.blocks[block] + static_cast<std::size_t>(position % kBlockTokens) * sizeof(TokenId);
    }
    static void storeToken(const model::BatchSequence& sequence, int position, TokenId token) {
        std::memcpy(slot(sequence, position), &token, sizeof token);
    }
    static TokenId loadToken(const model::BatchSequence& sequence, int position) {
        TokenId token = 0;
        std::memcpy(&token, slot(sequence, position), sizeof token);
        return token;
    }

    std::function<void(const model::Batch&)> m_onForward;
    int m_vocabulary = kScriptedVocabulary;
    model::KvLayout m_layout{.layers = 1, .kvHeads = 1, .headDim = 1, .type = KvType::F32};  // 512 bytes: 256 used
};

}  // namespace larder::support
