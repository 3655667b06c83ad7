// What a KV block is known by: a hash over everything its content depends on, chained block by block (design §5.2).
//
//   root    = XXH3-128(identity bytes, kind 1)
//   child   = XXH3-128(parent key | 64 token ids as little-endian int32), 16 + 256 bytes
//   tail    = the same of 1 to 63 token ids, with seed 1
//   state   = the same of 1 to 64 token ids, with seed 2
//
// Keys name blocks; whoever finds one by its key compares the token ids too, so a collision is a miss. Plain values.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/base/hash.h"
#include "engine/types.h"

namespace larder::kv {

using BlockKey = base::Hash128;

struct BlockKeyHash {
    std::size_t operator()(const BlockKey& key) const { return static_cast<std::size_t>(key.low); }
};

BlockKey rootKey(const base::Hash128& identity);
BlockKey childKey(const BlockKey& parent, std::span<const TokenId> tokens);  // tokens: [64]
BlockKey tailKey(const BlockKey& parent, std::span<const TokenId> tokens);   // tokens: [1..63] of an end of a request
BlockKey stateKey(const BlockKey& parent, std::span<const TokenId> tokens);  // tokens: [1..64] before a recurrent state

// The keys of a sequence's full blocks, made as far as they are asked for.
class KeyChain {
public:
    KeyChain() = default;
    explicit KeyChain(const BlockKey& root) : m_root(root) {}

    // Key of block `index`; tokens: of the sequence, from its start, at least up to the end of this block. REQUIRES the
    // same tokens every time.
    const BlockKey& key(std::size_t index, std::span<const TokenId> tokens);

private:
    BlockKey m_root;
    std::vector<BlockKey> m_keys;
};

}  // namespace larder::kv
