// A set of byte positions as sorted, disjoint, non-touching half-open ranges: which parts of a file are there.
#pragma once

#include <cstdint>
#include <vector>

namespace larder::hub {

struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;  // not included

    std::uint64_t bytes() const { return last - first; }
    bool operator==(const ByteRange&) const = default;
};

class ByteRanges {
public:
    void add(ByteRange range);  // may overlap what is there; an empty one changes nothing

    const std::vector<ByteRange>& list() const { return m_ranges; }
    std::uint64_t bytes() const;                          // in all ranges
    std::uint64_t prefixEnd() const;                      // [0, prefixEnd()) is there
    std::vector<ByteRange> missing(ByteRange within) const;
    bool operator==(const ByteRanges&) const = default;

private:
    std::vector<ByteRange> m_ranges;
};

}  // namespace larder::hub
