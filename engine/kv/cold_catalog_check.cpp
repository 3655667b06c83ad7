// Whether the catalog's links and sums hold.
#include "engine/kv/cold_catalog.h"

namespace larder::kv {

std::string ColdCatalog::checkIntegrity() const {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t pinned = 0;
    std::size_t listed = 0;
    std::size_t ordered = 0;
    std::vector<std::uint64_t> bytesOf(m_models.size());
    std::string broken;
    const std::vector<ColdEntryId> unused = m_unused;
    std::vector<bool> used(m_made, true);
    for (const ColdEntryId entry : unused) used[entry] = false;
    for (ColdEntryId id = 0; id < m_made; ++id) {
        if (!used[id]) continue;
        const ColdEntry& entry = at(id);
        const std::string name = "Block " + hexOf(entry.key);
        ++listed;
        if (anyOf(entry.key) != id) broken = name + " is not found by its key.";
        std::size_t children = 0;
        ColdEntryId before = kNoColdEntry;
        for (ColdEntryId child = entry.firstChild; child != kNoColdEntry; child = at(child).nextSibling, ++children) {
            if (at(child).parent != id || !at(child).present) broken = name + " has a child that does not hang below it.";
            if (at(child).previousSibling != before) broken = name + " has children in two orders.";
            if (children > m_made) return name + " has children in a ring.";
            before = child;
        }
        if (evictable(entry) != (entry.heapSlot != kNoColdEntry)) broken = name + " is wrongly in or out of the order of eviction.";
        if (entry.heapSlot != kNoColdEntry) {
            ++ordered;
            if (entry.heapSlot >= m_order.size() || m_order[entry.heapSlot] != id) broken = name + " has the wrong place in the order.";
            else if (entry.heapSlot > 0 && goesBefore(id, m_order[(entry.heapSlot - 1) / 2])) broken = "The order of eviction is none at " + name;
        }
        if (!entry.present) {
            if (children == 0) broken = name + " is a ghost without children.";
            continue;
        }
        const ColdEntry& parent = at(entry.parent);
        if (entry.lost != (parent.lost || (!parent.present && !parent.root))) broken = name + " is wrongly lost or found.";
        if (entry.staged) continue;
        ++blocks;
        bytes += entry.bytes;
        bytesOf[entry.model] += entry.bytes;
        if (entry.pinned) pinned += entry.bytes;
    }
    if (!broken.empty()) return broken;
    if (listed != m_listed) return "The number of keys is wrong.";
    if (ordered != m_order.size()) return "The order of eviction holds others.";
    if (blocks != m_blocks || bytes != m_bytes || pinned != m_pinnedBytes) return "The sums of blocks or bytes are wrong.";
    for (std::size_t i = 0; i < m_models.size(); ++i)
        if (bytesOf[i] != m_models[i].bytes) return "The bytes of a model are wrong.";
    return {};
}

}  // namespace larder::kv
