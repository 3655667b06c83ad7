// Makes room: leaf-first, the block unused for longest first; then strays; then the quarantine. Keeper's thread only; blocks on
// the disk.
#pragma once

#include <cstdint>
#include <string>

#include "engine/error.h"
#include "engine/kv/cold_adoption.h"
#include "engine/kv/cold_books.h"
#include "engine/kv/cold_quarantine.h"

namespace larder::kv {

enum class ColdRoomResult { Made, None, Failed };  // None: everything is pinned or in use, or the floor; Failed: the disk refused

class ColdRoom {
public:
    ColdRoom(ColdContext& context, ColdQuarantine& quarantine, ColdAdoption& adoption)
        : m_context(&context), m_quarantine(&quarantine), m_adoption(&adoption) {}

    // So many bytes may be written now, within the limit and above the floor of free space. Nothing is evicted for what can
    // never fit.
    ColdRoomResult make(std::uint64_t bytes);
    bool overLimit() const;
    // REQUIRES overLimit(). None: nothing is left to evict.
    ColdRoomResult evictOne();

    // Why the last one did not give room.
    const Error& problem() const { return m_problem; }
    void setIndexReserve(std::uint64_t bytes) { m_indexReserve = bytes; }  // how large the index may grow before it shrinks

private:
    std::uint64_t spent(const ColdBooks& books) const;
    ColdRoomResult makeOnDisk(std::uint64_t bytes);
    ColdRoomResult none(std::string why);

    ColdContext* m_context;
    ColdQuarantine* m_quarantine;
    ColdAdoption* m_adoption;
    std::uint64_t m_indexReserve = 0;
    Error m_problem;
};

}  // namespace larder::kv
