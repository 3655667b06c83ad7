// What a model does to KV, for tests of the cache alone: every position of every layer group gets a number that depends on
// all tokens up to it, and so does the recurrent state. Whoever reads a block that is not what it should be sees it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "engine/kv/kv_cache.h"

namespace larder::kv {

inline constexpr std::size_t kMarkBytes = sizeof(std::uint64_t);
inline constexpr std::size_t kMarkedBlockBytes = kBlockTokens * kMarkBytes;

inline std::uint64_t nextMark(std::uint64_t mark, TokenId token) {
    std::uint64_t x = mark * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(token) + 1;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    return x ^ (x >> 29);
}

// Marks after each token: [tokens]
inline std::vector<std::uint64_t> marksOf(std::span<const TokenId> tokens) {
    std::vector<std::uint64_t> marks;
    std::uint64_t mark = 0;
    for (const TokenId token : tokens) marks.push_back(mark = nextMark(mark, token));
    return marks;
}

inline std::span<std::byte* const> tableOf(const KvLease& lease, std::size_t group) {
    return group == 0 ? lease.blocks() : lease.windows()[group - 1];
}

inline std::byte* markAt(const KvLease& lease, std::size_t group, std::size_t position) {
    return tableOf(lease, group)[position / kBlockTokens] + position % kBlockTokens * kMarkBytes;
}

// Writes positions [first, last) and the state, as a forward pass would. state: 8 bytes when the model has one.
inline void writeMarks(const KvLease& lease, const KvShape& shape, std::span<const TokenId> tokens, std::size_t first, std::size_t last) {
    const auto marks = marksOf(tokens.first(last));
    for (std::size_t group = 0; group < shape.groups.size(); ++group) {
        if (shape.groups[group].blockBytes == 0) continue;
        for (std::size_t position = first; position < last; ++position)
            std::memcpy(markAt(lease, group, position), &marks[position], kMarkBytes);
    }
    if (shape.stateBytes == 0) return;
    std::uint64_t state = 0;
    std::memcpy(&state, lease.state(), kMarkBytes);
    for (std::size_t position = first; position < last; ++position) state = nextMark(state, tokens[position]);
    std::memcpy(lease.state(), &state, kMarkBytes);
}

// What a forward pass at position `filled` reads is right: everything in group 0, the window in the others, the state.
inline void expectMarks(const KvLease& lease, const KvShape& shape, std::span<const TokenId> tokens, std::size_t filled) {
    const auto marks = marksOf(tokens.first(filled));
    for (std::size_t group = 0; group < shape.groups.size(); ++group) {
        if (shape.groups[group].blockBytes == 0) continue;
        const std::size_t window = shape.groups[group].windowTokens;
        for (std::size_t position = window == 0 || filled < window ? 0 : filled - window; position < filled; ++position) {
            ASSERT_NE(tableOf(lease, group)[position / kBlockTokens], nullptr) << "group " << group << " position " << position;
            ASSERT_EQ(std::memcmp(markAt(lease, group, position), &marks[position], kMarkBytes), 0)
                << "group " << group << " position " << position << " of " << filled;
        }
    }
    if (shape.stateBytes == 0) return;
    const std::uint64_t expected = filled == 0 ? 0 : marks[filled - 1];
    ASSERT_EQ(std::memcmp(lease.state(), &expected, kMarkBytes), 0) << "state after " << filled;
}

}  // namespace larder::kv
