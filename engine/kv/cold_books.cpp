#include "engine/kv/cold_books.h"

#include <iterator>
#include <utility>

#include "engine/base/clock.h"

namespace larder::kv {

ColdContext::ColdContext(ColdSettings chosen, ColdFolder where) : settings(std::move(chosen)), folder(std::move(where)) {
    books.with([&](ColdBooks& fresh) {
        fresh.limitBytes = settings.limitBytes;
        fresh.bytesPerDay = settings.bytesPerDay;
        fresh.codec = settings.codec;
        fresh.today = dayNow();
        fresh.freeDiskBytes = 0;
    });
}

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

// Staged blocks count by the bytes that wait, for they will be on the disk when it matters.
bool ColdBooks::pin(const BlockKey& key) {
    const ColdEntryId entry = catalog.findReachable(key);
    if (entry == kNoColdEntry || catalog.at(entry).pinned) return false;
    const auto staged = staging.find(key);
    const std::uint64_t more = staged ? kColdHeadBytes + staged->byteCount : catalog.at(entry).bytes;
    if (!mayPin(more)) return false;
    catalog.setPinned(entry, true);
    if (!staged) writtenRows.push_back(key);
    return true;
}

std::string ColdBooks::checkIntegrity() const {
    if (std::string broken = catalog.checkIntegrity(); !broken.empty()) return broken;
    std::size_t staged = 0;
    std::string broken;
    catalog.forEach([&](ColdEntryId, const ColdEntry& entry) {
        if (!entry.staged) return;
        ++staged;
        if (!staging.find(entry.key)) broken = "Block " + hexOf(entry.key) + " is said to be staged and is not.";
        if (entry.lost) broken = "The staged block " + hexOf(entry.key) + " has lost its parent.";
    });
    if (!broken.empty()) return broken;
    if (staged != staging.blocks()) return "There are staged blocks that nobody knows.";
    std::uint64_t left = 0;
    for (const ColdLeftover& leftover : leftovers) left += leftover.bytes;
    if (left > bytes.leftover) return "The bytes of leftover files are wrong.";
    return {};
}

}  // namespace larder::kv
