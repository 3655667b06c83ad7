#include "engine/kv/block_pool.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <limits>
#include <utility>

namespace larder::kv {

namespace {

// Blocks start on a page, so that one block can be read from a file or dropped without touching its neighbours.
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
// No system we run on gives a process more address space; larger wishes are refused before the allocator sees them.
constexpr std::size_t kAddressSpaceBytes = std::size_t{1} << 47;
constexpr std::size_t kPreparedAtOnceBytes = kHugePageBytes;

std::uint32_t number(BlockId block) {
    return static_cast<std::uint32_t>(block);
}

Error refused(std::size_t blockBytes, std::size_t blocks) {
    return Error{ErrorCode::OutOfMemory, "The system has no memory for a KV cache of " + std::to_string(blocks) +
                                             " blocks of " + std::to_string(blockBytes) + " bytes: lower --hot-cache."};
}

}  // namespace

// Invariant: of the blocks ever used, m_free (a heap with the lowest number on top) holds exactly those with no reference.
// A block in use is touched; a free one is until discardFree().

Expected<std::unique_ptr<BlockPool>> BlockPool::create(std::size_t blockBytes, std::size_t blocks) {
    assert(blockBytes > 0);
    if (blocks == 0) {
        return Error{ErrorCode::OutOfMemory, "The hot cache is smaller than one KV block of " +
                                                 std::to_string(blockBytes) + " bytes: raise --hot-cache."};
    }
    if (blockBytes > kAddressSpaceBytes || blocks >= number(kNoBlock)) return refused(blockBytes, blocks);
    const std::size_t stride = strideOf(blockBytes);
    if (blocks > kAddressSpaceBytes / stride) return refused(blockBytes, blocks);
    // Huge pages where blocks are large; small blocks that are given back one by one would not free any.
    const auto pages = stride >= kHugePageBytes / 4 ? base::PageMemory::Pages::Huge : base::PageMemory::Pages::Small;
    auto arena = base::PageMemory::allocate(stride * blocks, pages);
    if (!arena) return refused(blockBytes, blocks);
    return std::unique_ptr<BlockPool>(new BlockPool(std::move(*arena), stride, blockBytes, blocks));
}

BlockPool::BlockPool(base::PageMemory arena, std::size_t stride, std::size_t blockBytes, std::size_t blocks)
    : m_arena(std::move(arena)), m_stride(stride), m_blockBytes(blockBytes), m_totalBlocks(blocks) {}

BlockPool::~BlockPool() {
    assert(usedBlocks() == 0 && "a lease outlives its pool");
}

std::size_t BlockPool::strideOf(std::size_t blockBytes) {
    return (blockBytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

std::optional<BlockId> BlockPool::allocate() {
    BlockId block{static_cast<std::uint32_t>(m_references.size())};
    if (!m_free.empty()) {
        std::pop_heap(m_free.begin(), m_free.end(), std::greater<>{});
        block = m_free.back();
        m_free.pop_back();
    } else if (m_references.size() < m_totalBlocks) {
        m_references.push_back(0);
        m_touched.push_back(false);
        if (m_preparedBlocks > 0) --m_preparedBlocks;
    } else {
        return std::nullopt;
    }
    assert(m_references[number(block)] == 0);
    m_references[number(block)] = 1;
    if (!m_touched[number(block)]) {
        m_touched[number(block)] = true;
        ++m_touchedBlocks;
    }
    return block;
}

void BlockPool::retain(BlockId block) {
    assert(number(block) < m_references.size() && m_references[number(block)] > 0);
    ++m_references[number(block)];
}

void BlockPool::release(BlockId block) {
    assert(number(block) < m_references.size() && m_references[number(block)] > 0);
    if (--m_references[number(block)] > 0) return;
    m_free.push_back(block);
    std::push_heap(m_free.begin(), m_free.end(), std::greater<>{});
}

std::uint32_t BlockPool::references(BlockId block) const {
    return number(block) < m_references.size() ? m_references[number(block)] : 0;
}

std::byte* BlockPool::data(BlockId block) const {
    assert(number(block) < m_references.size());
    return m_arena.data() + m_stride * number(block);
}

void BlockPool::discardFree() {
    for (const BlockId block : m_free) {
        if (!m_touched[number(block)]) continue;
        m_arena.discard(m_stride * number(block), m_stride);
        m_touched[number(block)] = false;
        --m_touchedBlocks;
    }
    if (m_preparedBlocks > 0) m_arena.discard(m_stride * m_references.size(), m_stride * m_preparedBlocks);
    m_preparedBlocks = 0;
}

bool BlockPool::prepare(std::size_t aheadBytes) {
    const std::size_t readyBytes = touchedBytes() - usedBlocks() * m_stride;
    const std::size_t first = m_references.size() + m_preparedBlocks;
    if (readyBytes >= aheadBytes || first == m_totalBlocks) return false;
    const std::size_t blocks = std::min(std::max<std::size_t>(kPreparedAtOnceBytes / m_stride, 1), m_totalBlocks - first);
    m_arena.touch(m_stride * first, m_stride * blocks);
    m_preparedBlocks += blocks;
    return true;
}

std::string BlockPool::checkIntegrity() const {
    std::vector<bool> free(m_references.size(), false);
    for (const BlockId block : m_free) {
        const std::string name = "block " + std::to_string(number(block));
        if (number(block) >= m_references.size()) return "The free list names " + name + ", which does not exist.";
        if (free[number(block)]) return "The free list names " + name + " twice.";
        if (m_references[number(block)] != 0) return "The free list names " + name + ", which is referenced.";
        free[number(block)] = true;
    }
    std::size_t touched = 0;
    for (std::size_t i = 0; i < free.size(); ++i) {
        if (!free[i] && m_references[i] == 0) return "Block " + std::to_string(i) + " is neither free nor referenced.";
        if (!free[i] && !m_touched[i]) return "Block " + std::to_string(i) + " is used and counts as untouched.";
        touched += m_touched[i] ? 1 : 0;
    }
    if (m_references.size() + m_preparedBlocks > m_totalBlocks) return "More blocks are prepared than there are.";
    if (touched != m_touchedBlocks) return "The touched blocks are counted wrongly.";
    if (!std::is_heap(m_free.begin(), m_free.end(), std::greater<>{})) return "The free list is not a heap.";
    return {};
}

}  // namespace larder::kv
