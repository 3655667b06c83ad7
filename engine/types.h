// The few types every folder speaks: token ids, sequence ids, the size of a KV block, the KV cache's number format.
#pragma once

#include <cstddef>
#include <cstdint>

namespace larder {

// Index into a model's vocabulary, [0, vocabulary). Plain integer: it indexes logits rows and travels through JSON.
using TokenId = std::int32_t;

// One running or waiting generation; unique for the life of the process.
enum class SequenceId : std::uint64_t {};

// Tokens in one KV block (design §5.1).
inline constexpr int kBlockTokens = 64;

// How keys and values are stored in the KV cache (`--kv-type`).
enum class KvType : std::uint8_t { F16, F32 };

}  // namespace larder
