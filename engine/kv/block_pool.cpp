#include "engine/kv/block_pool.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <limits>
#include <new>
#include <utility>

namespace larder::kv {

namespace {

// Blocks start on a page, so that one block can be read from a file or dropped without touching its neighbours.
constexpr std::size_t kPageBytes = 4096;
// No system we run on gives a process more address space; larger wishes are refused before the allocator sees them.
constexpr std::size_t kAddressSpaceBytes = std::size_t{1} << 47;

std::uint32_t number(BlockId block) {
    return static_cast<std::uint32_t>(block);
}

Error refused(std::size_t blockBytes, std::size_t blocks) {
    return Error{ErrorCode::OutOfMemory, "The system has no memory for a KV cache of " + std::to_string(blocks) +
                                             " blocks of " + std::to_string(blockBytes) + " bytes: lower --hot-cache."};
}

}  // namespace

// Invariant: a block is in m_free exactly when its reference count is zero. m_free is a heap with the lowest number on
// top.

Expected<std::unique_ptr<BlockPool>> BlockPool::create(std::size_t blockBytes, std::size_t blocks) {
    assert(blockBytes > 0);
    if (blocks == 0) {
        return Error{ErrorCode::OutOfMemory, "The hot cache is smaller than one KV block of " +
                                                 std::to_string(blockBytes) + " bytes: raise --hot-cache."};
    }
    if (blockBytes > kAddressSpaceBytes || blocks > std::numeric_limits<std::uint32_t>::max())
        return refused(blockBytes, blocks);
    const std::size_t stride = (blockBytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    if (blocks > kAddressSpaceBytes / stride) return refused(blockBytes, blocks);
    // An allocation of this size comes as fresh zero pages that take memory only when touched. Not mmap(): system calls
    // stay in base (design §2), and nothing here needs more than that.
    void* arena = ::operator new (stride* blocks, std::align_val_t{kPageBytes}, std::nothrow);
    if (arena == nullptr) return refused(blockBytes, blocks);
    return std::unique_ptr<BlockPool>(new BlockPool(static_cast<std::byte*>(arena), stride, blockBytes, blocks));
}

BlockPool::BlockPool(std::byte* arena, std::size_t stride, std::size_t blockBytes, std::size_t blocks)
    : m_arena(arena), m_stride(stride), m_blockBytes(blockBytes), m_references(blocks, 0) {
    m_free.reserve(blocks);
    for (std::size_t i = 0; i < blocks; ++i)
        m_free.push_back(BlockId{static_cast<std::uint32_t>(i)});  // sorted: a heap
}

BlockPool::~BlockPool() {
    assert(m_free.size() == m_references.size() && "a lease outlives its pool");
    ::operator delete (m_arena, std::align_val_t{kPageBytes});
}

std::optional<BlockId> BlockPool::allocate() {
    if (m_free.empty()) return std::nullopt;
    std::pop_heap(m_free.begin(), m_free.end(), std::greater<>{});
    const BlockId block = m_free.back();
    m_free.pop_back();
    assert(m_references[number(block)] == 0);
    m_references[number(block)] = 1;
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

std::byte* BlockPool::data(BlockId block) const {
    assert(number(block) < m_references.size());
    return m_arena + m_stride * number(block);
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
    for (std::size_t i = 0; i < free.size(); ++i) {
        if (!free[i] && m_references[i] == 0) return "Block " + std::to_string(i) + " is neither free nor referenced.";
    }
    if (!std::is_heap(m_free.begin(), m_free.end(), std::greater<>{})) return "The free list is not a heap.";
    return {};
}

}  // namespace larder::kv
