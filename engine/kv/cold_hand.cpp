// What is done to the cold tier by hand: listed, pinned, cleared, verified.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/kv/cold_prefixes.h"
#include "engine/kv/cold_store_inner.h"

namespace larder::kv {
namespace {

constexpr std::size_t kForgottenAtOnce = 1000;  // under one lock

// False: the limit does not allow it.
bool pinPath(ColdBooks& books, ColdEntryId end) {
    const ColdPath path = pathTo(books.catalog, end);
    std::vector<ColdEntryId> all = path.blocks;
    all.insert(all.end(), path.states.begin(), path.states.end());
    std::uint64_t more = 0;
    for (const ColdEntryId id : all) {
        const ColdEntry& entry = books.catalog.at(id);
        const auto staged = books.staging.find(entry.key);
        if (!entry.pinned) more += staged ? kColdHeadBytes + staged->byteCount : entry.bytes;
    }
    if (!books.mayPin(more)) return false;
    for (const ColdEntryId id : all) {
        if (books.catalog.at(id).pinned) continue;
        books.catalog.setPinned(id, true);
        if (!books.catalog.at(id).staged) books.writtenRows.push_back(books.catalog.at(id).key);
    }
    return true;
}

// What another pinned prefix needs stays pinned.
void unpinPath(ColdBooks& books, ColdEntryId end) {
    const ColdPath path = pathTo(books.catalog, end);
    const auto unpin = [&](ColdEntryId id) {
        if (!books.catalog.at(id).pinned) return;
        books.catalog.setPinned(id, false);
        if (!books.catalog.at(id).staged) books.writtenRows.push_back(books.catalog.at(id).key);
    };
    ColdEntryId shared = kNoColdEntry;  // the last block that others need
    for (const ColdEntryId id : path.blocks) {
        bool needed = false;
        books.catalog.forEachChild(id, [&](ColdEntryId child, const ColdEntry& entry) {
            const bool own = std::find(path.blocks.begin(), path.blocks.end(), child) != path.blocks.end();
            needed = needed || (!own && entry.pinned && entry.kind != ColdKind::State);
        });
        if (needed) shared = id;
    }
    const std::size_t first = shared == kNoColdEntry ? 0 : static_cast<std::size_t>(std::find(path.blocks.begin(), path.blocks.end(), shared) - path.blocks.begin()) + 1;
    for (std::size_t i = first; i < path.blocks.size(); ++i) unpin(path.blocks[i]);
    for (const ColdEntryId state : path.states) {
        const ColdEntryId parent = books.catalog.at(state).parent;
        const auto place = std::find(path.blocks.begin(), path.blocks.end(), parent) - path.blocks.begin();
        if (first == 0 || (static_cast<std::size_t>(place) < path.blocks.size() && static_cast<std::size_t>(place) + 1 >= first)) unpin(state);
    }
}

// Of one model, by name or identity, or of all; what hangs below others comes before them.
Expected<std::vector<BlockKey>> keysOfModel(const ColdCatalog& catalog, const std::string& model) {
    const auto is = [&](const ColdModel& each) {
        return each.root != BlockKey{} && (model.empty() || nameOfColdModel(each) == model || hexOf(each.identity) == model);
    };
    const auto& models = catalog.models();
    if (!model.empty() && std::none_of(models.begin(), models.end(), is))
        return Error{ErrorCode::NotFound, "The KV cache on the disk knows no model '" + model + "'."};
    std::vector<std::pair<std::uint32_t, BlockKey>> found;
    catalog.forEach([&](ColdEntryId, const ColdEntry& entry) {
        if (is(models[entry.model])) found.push_back({entry.position, entry.key});
    });
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<BlockKey> keys;
    for (const auto& each : found) keys.push_back(each.second);
    return keys;
}

void forgetBlocks(ColdBooks& books, std::span<const BlockKey> keys, bool pinnedToo, CacheCleared& cleared) {
    for (const BlockKey& key : keys) {
        const ColdEntryId id = books.catalog.find(key);
        if (id == kNoColdEntry) continue;
        const ColdEntry& entry = books.catalog.at(id);
        // What a pinned one hangs below stays with it.
        const bool kept = (entry.pinned && !pinnedToo) || entry.firstChild != kNoColdEntry;
        cleared.keptPinnedBlocks += kept;
        if (kept) continue;
        ++cleared.blocks;
        cleared.bytes += entry.bytes;
        books.forget(id, false);
    }
}

}  // namespace

void ColdStore::nameModel(const base::Hash128& identity, const std::string& name) {
    const bool changed = m_inner->context.books.with([&](ColdBooks& books) {
        if (books.closed) return false;
        const auto number = books.catalog.modelNumber(identity);
        if (!number || books.catalog.models()[*number].name == name) return false;
        books.catalog.nameModel(*number, name);
        books.changedModels.insert(*number);
        return true;
    });
    if (changed) m_inner->ringKeeper();
}

CacheListing ColdStore::list() const {
    return m_inner->context.books.with([](const ColdBooks& books) { return books.closed ? CacheListing{} : listCold(books.catalog); });
}

Expected<void> ColdStore::pin(const std::string& id, bool pinned) {
    std::optional<Error> problem;
    const bool open = m_inner->onKeeper([&] {
        m_inner->context.books.with([&](ColdBooks& books) {
            const auto end = findColdEnd(books.catalog, id);
            if (!end)
                problem = end.error();
            else if (!pinned)
                unpinPath(books, *end);
            else if (!pinPath(books, *end))
                problem = Error{ErrorCode::NoSpace, "Pinning it would keep more than the limit of the KV cache on the disk: make the limit larger or unpin another."};
        });
        if (const auto flushed = m_inner->keeper.flushIndex(); !flushed && !problem) problem = flushed.error();
    });
    if (!open) return m_inner->closedError();
    if (problem) return *problem;
    return {};
}

Expected<CacheCleared> ColdStore::clear(const std::string& model, bool pinnedToo) {
    CacheCleared cleared;
    std::optional<Error> problem;
    const auto note = [&](const Expected<void>& done) {
        if (!done && !problem) problem = done.error();
    };
    const auto clearNow = [&] {
        ColdKeeper& keeper = m_inner->keeper;
        note(keeper.finishScan());
        const auto keys = m_inner->context.books.with([&](const ColdBooks& books) { return keysOfModel(books.catalog, model); });
        if (!keys) {
            problem = keys.error();
            return;
        }
        for (std::size_t first = 0; first < keys->size(); first += kForgottenAtOnce) {
            const auto some = std::span(*keys).subspan(first, std::min(kForgottenAtOnce, keys->size() - first));
            m_inner->context.books.with([&](ColdBooks& books) { forgetBlocks(books, some, pinnedToo, cleared); });
            note(keeper.settleLeftovers());
        }
        if (model.empty()) note(keeper.removeStrays());
        note(keeper.flushIndex());
    };
    if (!m_inner->onKeeper(clearNow)) return m_inner->closedError();
    m_inner->context.tellNews();
    if (problem) return *problem;
    return cleared;
}

CacheVerified ColdStore::verify(const std::function<bool(double fraction)>& progress) {
    CacheVerified verified;
    std::vector<BlockKey> keys;
    m_inner->context.books.with([&](const ColdBooks& books) {
        books.catalog.forEach([&](ColdEntryId, const ColdEntry& entry) {
            if (!entry.staged) keys.push_back(entry.key);
        });
    });
    ColdReader reader(m_inner->context);
    for (std::size_t i = 0; i < keys.size() && verified.complete; ++i) {
        if (m_inner->closed() || (progress && !progress(static_cast<double>(i) / static_cast<double>(keys.size())))) {
            verified.complete = false;
            break;
        }
        // Evicted meanwhile: nothing to say about it.
        const bool there = m_inner->context.books.with([&](const ColdBooks& books) { return books.catalog.find(keys[i]) != kNoColdEntry; });
        if (!there) continue;
        std::uint64_t bytes = 0;
        const bool good = reader.verify(keys[i], bytes);
        ++verified.blocks;
        verified.bytes += bytes;
        verified.badBlocks += !good;
    }
    // So that the figures are right when this returns.
    m_inner->onKeeper([&] { (void)m_inner->keeper.settleLeftovers(); });
    if (progress && verified.complete) progress(1.0);
    return verified;
}

}  // namespace larder::kv
