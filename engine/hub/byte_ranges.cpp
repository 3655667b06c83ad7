#include "engine/hub/byte_ranges.h"

#include <algorithm>

namespace larder::hub {

void ByteRanges::add(ByteRange range) {
    if (range.first >= range.last) return;
    // The ones that overlap or touch the new one become one with it.
    const auto begin = std::lower_bound(m_ranges.begin(), m_ranges.end(), range.first,
                                        [](const ByteRange& one, std::uint64_t first) { return one.last < first; });
    auto end = begin;
    for (; end != m_ranges.end() && end->first <= range.last; ++end) {
        range.first = std::min(range.first, end->first);
        range.last = std::max(range.last, end->last);
    }
    if (begin == end) {
        m_ranges.insert(begin, range);
        return;
    }
    *begin = range;
    m_ranges.erase(begin + 1, end);
}

std::uint64_t ByteRanges::bytes() const {
    std::uint64_t sum = 0;
    for (const ByteRange& range : m_ranges) sum += range.bytes();
    return sum;
}

std::uint64_t ByteRanges::prefixEnd() const {
    return m_ranges.empty() || m_ranges.front().first > 0 ? 0 : m_ranges.front().last;
}

std::vector<ByteRange> ByteRanges::missing(ByteRange within) const {
    std::vector<ByteRange> gaps;
    std::uint64_t at = within.first;
    for (const ByteRange& range : m_ranges) {
        if (range.last <= at) continue;
        if (range.first >= within.last) break;
        if (range.first > at) gaps.push_back({at, range.first});
        at = range.last;
    }
    if (at < within.last) gaps.push_back({at, within.last});
    return gaps;
}

}  // namespace larder::hub
