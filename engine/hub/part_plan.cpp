#include "engine/hub/part_plan.h"

#include <algorithm>
#include <cassert>

namespace larder::hub {

PartPlan::PartPlan(std::vector<ByteRange> missing, Sizes sizes) : m_sizes(sizes), m_free(std::move(missing)) {
    assert(sizes.part > 0 && sizes.smallestShare > 0);
    std::erase_if(m_free, [](const ByteRange& range) { return range.first >= range.last; });
    std::sort(m_free.begin(), m_free.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
}

std::optional<PartPlan::Id> PartPlan::take() {
    ByteRange part;
    if (!m_free.empty()) {
        ByteRange& lowest = m_free.back();
        part = {lowest.first, std::min(lowest.last, lowest.first + m_sizes.part)};
        lowest.first = part.last;
        if (lowest.first == lowest.last) m_free.pop_back();
    } else {
        const auto largest = std::max_element(m_taken.begin(), m_taken.end(), [](const auto& a, const auto& b) {
            return a.second.bytes() < b.second.bytes();
        });
        if (largest == m_taken.end() || largest->second.bytes() / 2 < m_sizes.smallestShare) return std::nullopt;
        ByteRange& shared = largest->second;
        part = {shared.first + (shared.bytes() + 1) / 2, shared.last};
        shared.last = part.first;
    }
    const Id id = m_nextId++;
    m_taken.emplace(id, part);
    return id;
}

ByteRange PartPlan::rest(Id part) const {
    const auto found = m_taken.find(part);
    assert(found != m_taken.end());
    return found->second;
}

bool PartPlan::arrived(Id part, std::uint64_t bytes) {
    const auto found = m_taken.find(part);
    assert(found != m_taken.end() && bytes <= found->second.bytes());
    found->second.first += bytes;
    if (found->second.bytes() > 0) return false;
    m_taken.erase(found);
    return true;
}

void PartPlan::giveBack(Id part) {
    const auto found = m_taken.find(part);
    assert(found != m_taken.end());
    const ByteRange range = found->second;
    m_taken.erase(found);
    const auto place = std::lower_bound(m_free.begin(), m_free.end(), range.first,
                                        [](const ByteRange& one, std::uint64_t first) { return one.first > first; });
    m_free.insert(place, range);
}

}  // namespace larder::hub
