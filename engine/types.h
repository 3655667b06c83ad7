// The few types every folder speaks: token ids, sequence ids, the size of a KV block, the KV cache's number format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace larder {

// Index into a model's vocabulary, [0, vocabulary). Plain integer: it indexes logits rows and travels through JSON.
using TokenId = std::int32_t;

// One running or waiting generation; unique for the life of the process.
enum class SequenceId : std::uint64_t {};

// Tokens in one KV block (design §5.1).
inline constexpr int kBlockTokens = 64;

// The layers of a model that keep equally much of the past (design §5.1): their share of a KV block.
struct KvGroup {
    std::size_t blockBytes = 0;     // 0: nothing is kept
    std::size_t windowTokens = 0;   // a position reads the so many before it; 0 = all
    bool operator==(const KvGroup&) const = default;
};

// What a model keeps of a sequence: blocks, and a recurrent state of fixed size (all zero before the first token).
struct KvShape {
    std::vector<KvGroup> groups;    // at least one; the first reads everything (or keeps nothing), further ones have windows
    std::size_t stateBytes = 0;
    std::size_t elementBytes = 1;   // of the numbers in blocks and state, as compression wants to know them
    bool operator==(const KvShape&) const = default;
};

// How keys and values are stored in the KV cache (`--kv-type`).
enum class KvType : std::uint8_t { F16, F32 };

}  // namespace larder
