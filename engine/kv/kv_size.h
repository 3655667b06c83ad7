// How much RAM the KV of one sequence takes, in whole pages of whole blocks (block_pool.h). Pure functions; any thread.
#pragma once

#include <cstddef>

#include "engine/types.h"

namespace larder::kv {

// Of a sequence with so many tokens, of which a step computes stepTokens at most. Windows and the state count whole, however
// short it is.
std::size_t kvBytesOf(const KvShape& shape, std::size_t tokens, std::size_t stepTokens);

// The most tokens, in whole blocks or mostTokens, whose KV takes no more than bytes.
std::size_t kvTokensWithin(const KvShape& shape, std::size_t bytes, std::size_t mostTokens, std::size_t stepTokens);

}  // namespace larder::kv
