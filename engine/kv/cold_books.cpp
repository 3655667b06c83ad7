#include "engine/kv/cold_books.h"

#include <iterator>
#include <utility>

#include "engine/base/clock.h"

namespace larder::kv {

double ColdContext::steadyMs() const {
    return settings.steadyMs ? settings.steadyMs() : base::steadyMs();
}

std::uint64_t ColdBooks::writtenToday() const {
    const auto found = writtenByDay.find(today);
    return found == writtenByDay.end() ? 0 : found->second;
}

void ColdBooks::countWritten(std::uint64_t fileBytes) {
    writtenByDay[today] += fileBytes;
    changedDay = true;
    // Days that a jumping clock has made come and go; the index keeps the nearest as well.
    while (writtenByDay.size() > 8) writtenByDay.erase(writtenByDay.begin()->first == today ? std::prev(writtenByDay.end()) : writtenByDay.begin());
}

void ColdBooks::noteUsed(ColdEntryId entry) {
    if (catalog.at(entry).changed || catalog.at(entry).staged) return;
    catalog.setChanged(entry, true);
    usedRows.push_back(catalog.at(entry).key);
}

void ColdBooks::forget(ColdEntryId entry, bool bad) {
    const ColdEntry gone = catalog.at(entry);
    if (gone.staged) {
        takeBack(gone.key);
        return;
    }
    std::vector<BlockKey> stagedBelow;
    catalog.forEachChild(entry, [&](ColdEntryId, const ColdEntry& child) {
        if (child.staged) stagedBelow.push_back(child.key);
    });
    for (const BlockKey& key : stagedBelow) takeBack(key);
    catalog.remove(entry);
    leftovers.push_back({gone.key, gone.bytes, bad});
    bytes.leftover += gone.bytes;
    goneRows.push_back(gone.key);
}

std::size_t ColdBooks::takeBack(const BlockKey& key) {
    std::vector<BlockKey> open{key};
    std::size_t taken = 0;
    while (!open.empty()) {
        const ColdEntryId entry = catalog.find(open.back());
        open.pop_back();
        if (entry == kNoColdEntry || !catalog.at(entry).staged) continue;
        catalog.forEachChild(entry, [&](ColdEntryId, const ColdEntry& child) {
            if (child.staged) open.push_back(child.key);
        });
        staging.remove(catalog.at(entry).key);
        catalog.remove(entry);
        ++taken;
    }
    return taken;
}

ColdFacts ColdBooks::factsOf(ColdEntryId id) const {
    const ColdEntry& entry = catalog.at(id);
    return {entry.kind, entry.count, entry.groups, entry.pinned, entry.uses};
}

}  // namespace larder::kv
