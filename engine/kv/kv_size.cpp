#include "engine/kv/kv_size.h"

#include "engine/kv/block_pool.h"

namespace larder::kv {
namespace {

std::size_t blocksFor(std::size_t tokens) {
    return (tokens + kBlockTokens - 1) / kBlockTokens;
}

}  // namespace

// Of each window: what it reads, a step's rows and the blocks that both ends cut.
std::size_t kvBytesOf(const KvShape& shape, std::size_t tokens, std::size_t stepTokens) {
    std::size_t bytes = BlockPool::strideOf(shape.stateBytes);
    for (const KvGroup& group : shape.groups) {
        const std::size_t blocks = group.windowTokens > 0 ? blocksFor(group.windowTokens + stepTokens) + 1 : blocksFor(tokens);
        bytes += blocks * BlockPool::strideOf(group.blockBytes);
    }
    return bytes;
}

std::size_t kvTokensWithin(const KvShape& shape, std::size_t bytes, std::size_t mostTokens, std::size_t stepTokens) {
    if (kvBytesOf(shape, mostTokens, stepTokens) <= bytes) return mostTokens;
    const std::size_t fixed = kvBytesOf(shape, 0, stepTokens);
    return bytes < fixed ? 0 : (bytes - fixed) / (kvBytesOf(shape, kBlockTokens, stepTokens) - fixed) * kBlockTokens;
}

}  // namespace larder::kv
