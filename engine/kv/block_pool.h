// The arena of KV blocks: fixed-size, page-aligned, reference-counted. Payload is opaque bytes (design §5.1).
// Engine thread only. Memory is reserved at once and backed by the system when first touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/error.h"

namespace larder::kv {

enum class BlockId : std::uint32_t {};

class BlockPool {
public:
    // OutOfMemory when the system refuses the address space.
    static Expected<std::unique_ptr<BlockPool>> create(std::size_t blockBytes, std::size_t blocks);
    ~BlockPool();
    BlockPool(const BlockPool&) = delete;
    BlockPool& operator=(const BlockPool&) = delete;

    // A block with one reference, contents unspecified; nullopt when none is free. Lowest number first: touched memory
    // is used again before new memory.
    std::optional<BlockId> allocate();
    void retain(BlockId block);            // REQUIRES allocated
    void release(BlockId block);           // frees at zero references

    std::byte* data(BlockId block) const;  // [blockBytes], valid until the pool dies
    std::size_t blockBytes() const { return m_blockBytes; }
    std::size_t totalBlocks() const { return m_references.size(); }
    std::size_t freeBlocks() const { return m_free.size(); }

    // Empty, or one sentence about the invariant that does not hold (every block free xor referenced, counts add up).
    std::string checkIntegrity() const;

private:
    BlockPool(std::byte* arena, std::size_t stride, std::size_t blockBytes, std::size_t blocks);
    std::byte* m_arena = nullptr;
    std::size_t m_stride = 0;              // blockBytes rounded up to whole pages
    std::size_t m_blockBytes = 0;
    std::vector<std::uint32_t> m_references;
    std::vector<BlockId> m_free;           // min-heap by number
};

}  // namespace larder::kv
