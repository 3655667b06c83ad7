// A test double for the model: its logits are a pure function of all tokens up to the row, READ BACK THROUGH THE KV
// BLOCKS. A wrong block table, position, chunk border or a block reused too early therefore changes the answer.
// scriptedLogits() computes the same from the tokens alone: what the answer must be.
#pragma once

#include <algorithm>
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

// What a scripted model keeps of a sequence, and therefore what its answer can go wrong by.
enum class ScriptedKind {
    Attention,  // all tokens, in the blocks of group 0
    Window,     // the last kScriptedWindow tokens, in the blocks of group 1; nothing in group 0
    Recurrent,  // a state of 8 bytes
    Everything  // all three
};
inline constexpr std::size_t kScriptedWindow = 100;

inline bool readsAll(ScriptedKind kind) { return kind == ScriptedKind::Attention || kind == ScriptedKind::Everything; }
inline bool readsWindow(ScriptedKind kind) { return kind == ScriptedKind::Window || kind == ScriptedKind::Everything; }
inline bool hasState(ScriptedKind kind) { return kind == ScriptedKind::Recurrent || kind == ScriptedKind::Everything; }

inline std::uint64_t scriptedStateOf(std::span<const TokenId> tokens) {
    std::uint64_t state = 0;
    for (const TokenId token : tokens) state = scriptedState(state, token);
    return state;
}

// The row after these tokens, from the tokens alone.
inline std::vector<float> scriptedLogits(std::span<const TokenId> tokens, int vocabulary = kScriptedVocabulary,
                                         ScriptedKind kind = ScriptedKind::Attention) {
    const std::uint64_t all = scriptedStateOf(tokens);
    std::uint64_t state = readsAll(kind) ? all : 0;
    if (readsWindow(kind)) state += 3 * scriptedStateOf(tokens.last(std::min(tokens.size(), kScriptedWindow)));
    if (hasState(kind)) state += 5 * all;
    std::vector<float> logits(static_cast<std::size_t>(vocabulary));
    scriptedRow(state, logits);
    return logits;
}

class ScriptedModel : public model::Model {
public:
    // onForward is called on the engine thread before every step, and may block it.
    explicit ScriptedModel(std::function<void(const model::Batch&)> onForward = {},
                           int vocabulary = kScriptedVocabulary, ScriptedKind kind = ScriptedKind::Attention)
        : m_onForward(std::move(onForward)), m_vocabulary(vocabulary), m_kind(kind) {}

    const model::KvLayout& kvLayout() const override { return m_layout; }
    KvShape kvShape() const override {
        const std::size_t blockBytes = m_layout.blockBytes();
        KvShape shape{.groups = {{.blockBytes = readsAll(m_kind) ? blockBytes : 0}}, .stateBytes = 0};
        if (readsWindow(m_kind)) shape.groups.push_back({.blockBytes = blockBytes, .windowTokens = kScriptedWindow});
        if (hasState(m_kind)) shape.stateBytes = sizeof(std::uint64_t);
        return shape;
    }
    base::Hash128 identity() const override { return {static_cast<std::uint64_t>(m_vocabulary), static_cast<std::uint64_t>(m_kind)}; }
    int vocabulary() const override { return m_vocabulary; }
    int contextTokens() const override { return 1 << 20; }
    std::size_t weightBytes() const override { return 0; }

    void forward(const model::Batch& batch, std::span<float> logits) override {
        if (m_onForward) m_onForward(batch);
        assert(logits.size() == batch.logitRows.size() * static_cast<std::size_t>(m_vocabulary));
        // All rows are stored before any is read, as in a real step: two sequences that share a block by mistake show.
        for (const auto& sequence : batch.sequences) {
            for (int i = 0; i < sequence.rows; ++i) {
                const TokenId token = batch.tokens[static_cast<std::size_t>(sequence.firstRow + i)];
                if (readsAll(m_kind)) storeToken(sequence.blocks, sequence.firstPosition + i, token);
                if (readsWindow(m_kind)) storeToken(sequence.windows[0], sequence.firstPosition + i, token);
            }
        }
        std::size_t next = 0;  // index into logitRows
        [[maybe_unused]] int expectedRow = 0;
        for (const auto& sequence : batch.sequences) {
            assert(sequence.firstRow == expectedRow && sequence.rows > 0);
            expectedRow += sequence.rows;
            std::uint64_t all = 0;
            for (int position = 0; readsAll(m_kind) && position < sequence.firstPosition; ++position)
                all = scriptedState(all, loadToken(sequence.blocks, position));
            for (int position = sequence.firstPosition; position < sequence.firstPosition + sequence.rows; ++position) {
                const int row = sequence.firstRow + position - sequence.firstPosition;
                std::uint64_t state = 0;
                if (readsAll(m_kind)) state += all = scriptedState(all, loadToken(sequence.blocks, position));
                if (readsWindow(m_kind)) state += 3 * windowState(sequence.windows[0], position);
                if (hasState(m_kind)) state += 5 * advanceState(sequence.state, batch.tokens[static_cast<std::size_t>(row)]);
                if (next == batch.logitRows.size() || batch.logitRows[next] != row) continue;
                const auto vocabulary = static_cast<std::size_t>(m_vocabulary);
                scriptedRow(state, logits.subspan(next++ * vocabulary, vocabulary));
            }
        }
        assert(next == batch.logitRows.size() && static_cast<std::size_t>(expectedRow) == batch.tokens.size());
    }

private:
    using BlockTable = std::span<std::byte* const>;
    static std::byte* slot(BlockTable blocks, int position) {
        const auto block = static_cast<std::size_t>(position / kBlockTokens);
        assert(block < blocks.size() && blocks[block] != nullptr);
        return blocks[block] + static_cast<std::size_t>(position % kBlockTokens) * sizeof(TokenId);
    }
    static void storeToken(BlockTable blocks, int position, TokenId token) {
        std::memcpy(slot(blocks, position), &token, sizeof token);
    }
    static TokenId loadToken(BlockTable blocks, int position) {
        TokenId token = 0;
        std::memcpy(&token, slot(blocks, position), sizeof token);
        return token;
    }
    // Of the window that ends with this position.
    static std::uint64_t windowState(BlockTable blocks, int position) {
        std::uint64_t state = 0;
        for (int i = std::max(0, position + 1 - static_cast<int>(kScriptedWindow)); i <= position; ++i)
            state = scriptedState(state, loadToken(blocks, i));
        return state;
    }
    static std::uint64_t advanceState(std::byte* at, TokenId token) {
        std::uint64_t state = 0;
        std::memcpy(&state, at, sizeof state);
        state = scriptedState(state, token);
        std::memcpy(at, &state, sizeof state);
        return state;
    }

    std::function<void(const model::Batch&)> m_onForward;
    int m_vocabulary = kScriptedVocabulary;
    ScriptedKind m_kind = ScriptedKind::Attention;
    model::KvLayout m_layout{.layers = 1, .kvHeads = 1, .headDim = 1, .type = KvType::F32};  // 512 bytes: 256 used
};

}  // namespace larder::support
