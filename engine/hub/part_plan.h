// Who fetches which bytes of a file: what is missing is handed out in parts, lowest first (so that the hash can follow); at
// the end the part that has most to go is shared, so that one slow connection does not hold up the rest. Plain
// value, no input or output. Every missing byte is at any time either free, in one taken part, or reported as arrived.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/hub/byte_ranges.h"

namespace larder::hub {

class PartPlan {
public:
    struct Sizes {
        std::uint64_t part = 0;         // handed out at once, at most; > 0
        std::uint64_t smallestShare = 0;  // a part is shared only if both halves are at least this; > 0
    };
    PartPlan(std::vector<ByteRange> missing, Sizes sizes);

    using Id = std::uint32_t;
    // A part to fetch, never empty; nothing when there is none to have.
    std::optional<Id> take();
    // What of a taken part is still to be fetched. Its end can come nearer: another take() may share it.
    ByteRange rest(Id part) const;
    // The next `bytes` bytes of the part arrived. REQUIRES bytes <= rest(part).bytes(). A part without rest is over: its id
    // means nothing any more, and true comes back.
    bool arrived(Id part, std::uint64_t bytes);
    // Somebody else shall fetch the rest.
    void giveBack(Id part);

    bool complete() const { return m_free.empty() && m_taken.empty(); }

private:
    Sizes m_sizes;
    std::vector<ByteRange> m_free;      // sorted, lowest last
    std::map<Id, ByteRange> m_taken;    // never empty ranges
    Id m_nextId = 0;
};

}  // namespace larder::hub
