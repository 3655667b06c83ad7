// Blocks for tests of the cold tier: what a block holds is a pure function of its key, so that whoever reads it knows what must
// be there.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "engine/kv/cold_store.h"

namespace larder::kv {

inline constexpr base::Hash128 kColdIdentity{0x1111, 0x2222};

// Half of the bytes are zero, so that compression has something to do.
inline std::vector<std::byte> coldContent(const BlockKey& key, int group, std::size_t bytes) {
    std::vector<std::byte> content(bytes);
    std::uint64_t x = key.low ^ (key.high * 31) ^ (static_cast<std::uint64_t>(group + 2) << 32);
    for (std::size_t i = 0; i < bytes; i += 2) {
        x = x * 6364136223846793005ULL + 1442695040888963407ULL;
        content[i] = static_cast<std::byte>(x >> 56);
    }
    return content;
}

struct ColdTestBlock {
    ColdBlock block;
    std::vector<std::vector<std::byte>> payload;

    const BlockKey& key() const { return block.head.key; }
};

inline std::vector<TokenId> coldTokens(TokenId seed, std::size_t count = kBlockTokens) {
    std::vector<TokenId> tokens(count);
    for (std::size_t i = 0; i < count; ++i) tokens[i] = (seed * 7919 + static_cast<TokenId>(i) * 13) % 50'000;
    return tokens;
}

inline ColdTestBlock coldBlock(const BlockKey& parent, std::size_t position, std::vector<TokenId> tokens, std::size_t groups = 1,
                               std::size_t groupBytes = 12'288, ColdKind kind = ColdKind::Full,
                               const base::Hash128& identity = kColdIdentity) {
    ColdTestBlock made;
    ColdHead& head = made.block.head;
    head.kind = kind;
    head.parent = parent;
    head.identity = identity;
    head.position = position;
    head.elementBytes = 2;
    head.key = kind == ColdKind::Full   ? childKey(parent, tokens)
               : kind == ColdKind::Tail ? tailKey(parent, tokens)
                                        : stateKey(parent, tokens);
    head.tokens = std::move(tokens);
    for (std::size_t i = 0; i < (kind == ColdKind::State ? 1 : groups); ++i) {
        const int group = kind == ColdKind::State ? -1 : static_cast<int>(i);
        head.parts.push_back({group, ColdCodec::None, groupBytes, groupBytes});
        made.payload.push_back(coldContent(head.key, group, groupBytes));
    }
    for (const auto& part : made.payload) made.block.payload.push_back(part);
    return made;
}

// A sequence of full blocks from the beginning; what it is depends on the seed.
inline std::vector<ColdTestBlock> coldChain(TokenId seed, std::size_t blocks, std::size_t groups = 1, std::size_t groupBytes = 12'288,
                                            const base::Hash128& identity = kColdIdentity) {
    std::vector<ColdTestBlock> chain;
    BlockKey parent = rootKey(identity);
    for (std::size_t i = 0; i < blocks; ++i) {
        chain.push_back(coldBlock(parent, i * kBlockTokens, coldTokens(seed + static_cast<TokenId>(i)), groups, groupBytes, ColdKind::Full, identity));
        parent = chain.back().key();
    }
    return chain;
}

// A read of one block, and the memory that it fills.
struct ColdTestRead {
    ColdRead order;
    std::vector<std::vector<std::byte>> memory;

    explicit ColdTestRead(const ColdTestBlock& wanted) : ColdTestRead(wanted, {wanted.key()}) {}
    ColdTestRead(const ColdTestBlock& wanted, std::vector<BlockKey> candidates) {
        const ColdHead& head = wanted.block.head;
        order.candidates = std::move(candidates);
        order.parent = head.parent;
        order.identity = head.identity;
        order.kind = head.kind;
        order.position = head.position;
        order.tokens = head.tokens;
        for (const auto& part : wanted.payload) memory.emplace_back(part.size(), std::byte{0xee});
        for (std::size_t i = 0; i < memory.size(); ++i) order.targets.push_back({head.parts[i].group, memory[i]});
    }
    bool holds(const ColdTestBlock& block) const { return memory == block.payload; }
};

}  // namespace larder::kv
