#include "engine/kv/cold_books.h"

#include <iterator>
#include <utility>

#include "engine/base/clock.h"

namespace larder::kv {

ColdContext::ColdContext(ColdSettings chosen, ColdFolder where) : settings(std::move(chosen)), folder(std::move(where)) {
    books.with([&](ColdBooks& fresh) {
        fresh.limitBytes = settings.limitBytes;
        fresh.floorBytes = settings.floorBytes;
        fresh.bytesPerDay = settings.bytesPerDay;
        fresh.codec = settings.codec;
        fresh.today = dayNow();
        fresh.freeDiskBytes = 0;
    });
}

double ColdContext::steadyMs() const {
    return settings.steadyMs ? settings.steadyMs() : base::steadyMs();
}

ColdEntry coldEntryOf(const ColdHead& head, std::uint16_t model, std::uint32_t nowS) {
    ColdEntry entry;
    entry.key = head.key;
    entry.kind = head.kind;
    entry.count = static_cast<std::uint8_t>(head.tokens.size());
    entry.position = static_cast<std::uint32_t>(head.position);
    entry.prints = printsOf(head.tokens);
    entry.model = model;
    entry.createdS = entry.usedS = nowS;
    for (const ColdHead::Part& part : head.parts)
        if (part.group >= 0) entry.groups |= std::uint32_t{1} << part.group;
    return entry;
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

// All staged ones that hang below, through others that are on the disk too.
std::vector<BlockKey> ColdBooks::stagedBelow(ColdEntryId entry) const {
    std::vector<BlockKey> keys;
    std::vector<ColdEntryId> open{entry};
    while (!open.empty()) {
        const ColdEntryId above = open.back();
        open.pop_back();
        catalog.forEachChild(above, [&](ColdEntryId id, const ColdEntry& child) {
            if (child.staged) keys.push_back(child.key);
            open.push_back(id);
        });
    }
    return keys;
}

void ColdBooks::removeStaged(const std::vector<BlockKey>& keys) {
    for (const BlockKey& key : keys) {
        staging.remove(key);
        catalog.remove(catalog.find(key));
    }
}

void ColdBooks::forget(ColdEntryId entry, bool bad) {
    const ColdEntry gone = catalog.at(entry);
    if (gone.staged) {
        takeBack(gone.key);
        return;
    }
    removeStaged(stagedBelow(entry));
    catalog.remove(entry);
    leftovers.push_back({gone.key, gone.bytes, bad});
    bytes.leftover += gone.bytes;
    goneRows.push_back(gone.key);
}

std::size_t ColdBooks::takeBack(const BlockKey& key) {
    const ColdEntryId entry = catalog.find(key);
    if (entry == kNoColdEntry || !catalog.at(entry).staged) return 0;
    std::vector<BlockKey> keys = stagedBelow(entry);
    keys.push_back(key);
    removeStaged(keys);
    return keys.size();
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
