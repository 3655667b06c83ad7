// An arena of equal blocks: page-aligned, reference-counted, opaque bytes. A KV cache has one for each layer group, and one
// for recurrent states (design §5.1). Engine thread only. Address space is reserved at once, memory is taken when touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/page_memory.h"
#include "engine/error.h"

namespace larder::kv {

enum class BlockId : std::uint32_t {};
inline constexpr BlockId kNoBlock{0xffffffff};

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
    std::uint32_t references(BlockId block) const;

    std::byte* data(BlockId block) const;  // [blockBytes], valid until the pool dies
    std::size_t blockBytes() const { return m_blockBytes; }
    // RAM a block takes: blockBytes rounded up to whole pages.
    static std::size_t strideOf(std::size_t blockBytes);
    std::size_t strideBytes() const { return m_stride; }
    std::size_t totalBlocks() const { return m_totalBlocks; }
    std::size_t freeBlocks() const { return m_totalBlocks - usedBlocks(); }
    std::size_t usedBlocks() const { return m_references.size() - m_free.size(); }

    // RAM behind blocks in use and prepared ones, and behind free ones until discardFree() gives it back to the system.
    std::size_t touchedBytes() const { return (m_touchedBlocks + m_preparedBlocks) * m_stride; }
    void discardFree();
    // Takes RAM for some of the blocks that will be new next, about 2 MB: the system takes longer to find and clear it than one
    // would like to wait in the middle of a step. False: free blocks with `aheadBytes` of RAM are ready, or there are no more.
    bool prepare(std::size_t aheadBytes);

    // Empty, or one sentence about the invariant that does not hold (every block free xor referenced, counts add up).
    std::string checkIntegrity() const;

private:
    BlockPool(base::PageMemory arena, std::size_t stride, std::size_t blockBytes, std::size_t blocks);
    base::PageMemory m_arena;
    std::size_t m_stride = 0;
    std::size_t m_blockBytes = 0;
    std::size_t m_totalBlocks = 0;
    std::size_t m_touchedBlocks = 0;          // of those ever used
    std::size_t m_preparedBlocks = 0;         // that follow the ones ever used
    std::vector<std::uint32_t> m_references;  // of the blocks that were ever used
    std::vector<bool> m_touched;              // [m_references.size()] has RAM behind it
    std::vector<BlockId> m_free;              // min-heap by number, of those ever used
};

}  // namespace larder::kv
