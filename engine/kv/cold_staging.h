// Blocks in RAM that wait to be written, in the order they came. The bytes of one are immutable and shared: who reads or writes
// them holds on to them, whatever becomes of the queue. No lock: the owner sees to that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <unordered_map>

#include "engine/kv/cold_block.h"

namespace larder::kv {

struct StagedBlock {
    ColdHead head;                        // parts as they came: not compressed
    std::unique_ptr<std::byte[]> bytes;   // the parts, one after another
    std::size_t byteCount = 0;

    // Payload of part i.
    std::span<const std::byte> part(std::size_t i) const {
        std::size_t offset = 0;
        for (std::size_t before = 0; before < i; ++before) offset += head.parts[before].rawBytes;
        return {bytes.get() + offset, head.parts[i].rawBytes};
    }
};

class ColdStaging {
public:
    using Number = std::uint64_t;         // rises; a block that comes again has another one

    Number add(std::shared_ptr<const StagedBlock> block) {
        const Number number = ++m_last;
        m_bytes += block->byteCount;
        m_numbers.emplace(block->head.key, number);
        m_blocks.emplace(number, std::move(block));
        return number;
    }

    // No effect when it is not there.
    void remove(const BlockKey& key) {
        const auto found = m_numbers.find(key);
        if (found == m_numbers.end()) return;
        const auto block = m_blocks.find(found->second);
        m_bytes -= block->second->byteCount;
        m_blocks.erase(block);
        m_numbers.erase(found);
    }

    std::shared_ptr<const StagedBlock> find(const BlockKey& key) const {
        const auto found = m_numbers.find(key);
        return found == m_numbers.end() ? nullptr : m_blocks.at(found->second);
    }
    bool holds(Number number) const { return m_blocks.contains(number); }

    struct Next {
        Number number = 0;
        std::shared_ptr<const StagedBlock> block;
    };
    // The first that came after this one.
    Next after(Number number) const {
        const auto next = m_blocks.upper_bound(number);
        return next == m_blocks.end() ? Next{} : Next{next->first, next->second};
    }

    std::size_t bytes() const { return m_bytes; }
    std::size_t blocks() const { return m_blocks.size(); }

private:
    std::map<Number, std::shared_ptr<const StagedBlock>> m_blocks;
    std::unordered_map<BlockKey, Number, BlockKeyHash> m_numbers;
    std::size_t m_bytes = 0;
    Number m_last = 0;
};

}  // namespace larder::kv
