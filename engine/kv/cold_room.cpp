#include "engine/kv/cold_room.h"

#include <algorithm>
#include <utility>

namespace larder::kv {

// The index counts with what its WAL may still become.
std::uint64_t ColdRoom::spent(const ColdBooks& books) const {
    return books.usedBytes() - books.bytes.index + std::max(books.bytes.index, m_indexReserve);
}

bool ColdRoom::overLimit() const {
    return m_context->books.with([&](const ColdBooks& books) { return !books.off() && books.usedBytes() > books.limitBytes; });
}

ColdRoomResult ColdRoom::none(std::string why) {
    m_problem = Error{ErrorCode::NoSpace, std::move(why)};
    return ColdRoomResult::None;
}

ColdRoomResult ColdRoom::make(std::uint64_t bytes) {
    const auto made = makeInFolder(bytes);
    if (made != ColdRoomResult::Made || !m_removals->pending()) return made;
    if (const auto synced = m_removals->sync(); !synced) {
        m_problem = synced.error();
        return ColdRoomResult::Failed;
    }
    return made;
}

ColdRoomResult ColdRoom::makeInFolder(std::uint64_t bytes) {
    const bool hopeless = m_context->books.with([&](const ColdBooks& books) {
        const std::uint64_t fixed = books.catalog.pinnedBytes() + std::max(books.bytes.index, m_indexReserve) + books.bytes.unfinished +
                                    books.bytes.incoming;
        return fixed + bytes > books.limitBytes;
    });
    if (hopeless) return none("The limit of the KV cache on the disk leaves no room beside what is pinned.");
    while (true) {
        const bool fits = m_context->books.with([&](const ColdBooks& books) { return spent(books) + bytes <= books.limitBytes; });
        if (fits) return makeOnDisk(bytes);
        if (const auto evicted = evictOne(); evicted != ColdRoomResult::Made) return evicted;
    }
}

ColdRoomResult ColdRoom::makeOnDisk(std::uint64_t bytes) {
    const std::uint64_t floor = m_context->books.with([](const ColdBooks& books) { return books.floorBytes; });
    for (bool first = true;; first = false) {
        const auto free = m_context->folder.files().freeBytes(m_context->folder.root());
        if (!free) {
            m_problem = free.error();
            return ColdRoomResult::Failed;
        }
        m_context->books.with([&](ColdBooks& books) { books.freeDiskBytes = *free; });
        if (*free >= floor && *free - floor >= bytes) return ColdRoomResult::Made;
        // Below the floor already, others need the space: evicting would only feed them.
        if (first && *free < floor) return none("The disk has less free space than the KV cache must leave to others.");
        if (const auto evicted = evictOne(); evicted != ColdRoomResult::Made) return evicted;
    }
}

ColdRoomResult ColdRoom::evictOne() {
    const bool evicted = m_context->books.with([](ColdBooks& books) {
        const ColdEntryId coldest = books.catalog.coldestLeaf();
        if (coldest == kNoColdEntry) return false;
        books.forget(coldest, false);
        ++books.counters.evictedBlocks;
        return true;
    });
    Expected<void> removed;
    if (evicted)
        removed = m_quarantine->settleLeftovers();
    else if (m_adoption->hasStrays())
        removed = m_adoption->removeStray();
    else if (!m_quarantine->empty())
        removed = m_quarantine->removeOldest();
    else
        return none("Everything in the KV cache on the disk is pinned or in use.");
    if (removed) return ColdRoomResult::Made;
    m_problem = removed.error();
    return ColdRoomResult::Failed;
}

}  // namespace larder::kv
