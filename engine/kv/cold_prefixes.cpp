#include "engine/kv/cold_prefixes.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace larder::kv {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;

// Whether the state stands in a sequence that goes on with this block, as far as prints tell.
bool standsIn(const ColdEntry& state, const ColdEntry& block) {
    if (state.count > block.count) return false;
    for (std::size_t i = 0; i < state.prints.size() && std::size_t{1} << i <= state.count; ++i)
        if (state.prints[i] != block.prints[i]) return false;
    return true;
}

std::vector<ColdEntryId> statesBefore(const ColdCatalog& catalog, ColdEntryId parent, ColdEntryId block) {
    std::vector<ColdEntryId> states;
    catalog.forEachChild(parent, [&](ColdEntryId id, const ColdEntry& child) {
        if (child.kind == ColdKind::State && standsIn(child, catalog.at(block))) states.push_back(id);
    });
    return states;
}

std::vector<ColdEntryId> statesBehind(const ColdCatalog& catalog, ColdEntryId end) {
    std::vector<ColdEntryId> states;
    catalog.forEachChild(end, [&](ColdEntryId id, const ColdEntry& child) {
        if (child.kind == ColdKind::State) states.push_back(id);
    });
    return states;
}

std::uint64_t bytesOf(const ColdCatalog& catalog, const std::vector<ColdEntryId>& entries) {
    std::uint64_t bytes = 0;
    for (const ColdEntryId entry : entries) bytes += catalog.at(entry).bytes;
    return bytes;
}

std::size_t continuations(const ColdCatalog& catalog, ColdEntryId entry) {
    std::size_t count = 0;
    catalog.forEachChild(entry, [&](ColdEntryId, const ColdEntry& child) { count += child.kind != ColdKind::State; });
    return count;
}

bool isEnd(const ColdCatalog& catalog, ColdEntryId id, const ColdEntry& entry) {
    return entry.kind != ColdKind::State && !entry.lost && continuations(catalog, id) == 0;
}

// What no other prefix needs: from the end up to where another one branches off.
std::uint64_t ownBytes(const ColdCatalog& catalog, ColdEntryId end) {
    std::uint64_t bytes = bytesOf(catalog, statesBehind(catalog, end));
    for (ColdEntryId each = end;;) {
        const ColdEntryId parent = catalog.at(each).parent;
        bytes += catalog.at(each).bytes + bytesOf(catalog, statesBefore(catalog, parent, each));
        if (!catalog.at(parent).present || continuations(catalog, parent) > 1) return bytes;
        each = parent;
    }
}

CachedPrefix prefixOf(const ColdCatalog& catalog, ColdEntryId id, std::uint64_t pathBytes) {
    const ColdEntry& end = catalog.at(id);
    CachedPrefix prefix;
    prefix.id = hexOf(end.key);
    prefix.model = nameOfColdModel(catalog.models()[end.model]);
    prefix.tokens = end.position + std::uint64_t{end.count};
    prefix.bytes = pathBytes + bytesOf(catalog, statesBehind(catalog, id));
    prefix.ownBytes = ownBytes(catalog, id);
    prefix.uses = end.uses;
    prefix.createdUnixMs = end.createdS * kMsPerSecond;
    prefix.lastUsedUnixMs = end.usedS * kMsPerSecond;
    prefix.pinned = end.pinned;
    ColdEntryId pinned = id;
    while (catalog.at(pinned).present && !catalog.at(pinned).pinned) pinned = catalog.at(pinned).parent;
    if (catalog.at(pinned).present) prefix.pinnedTokens = catalog.at(pinned).position + std::uint64_t{catalog.at(pinned).count};
    return prefix;
}

}  // namespace

std::string nameOfColdModel(const ColdModel& model) {
    return model.name.empty() ? "unknown model" : model.name;
}

CacheListing listCold(const ColdCatalog& catalog) {
    CacheListing listing;
    std::vector<CachedModel> models(catalog.models().size());
    for (std::size_t i = 0; i < models.size(); ++i) {
        const ColdModel& model = catalog.models()[i];
        models[i].name = nameOfColdModel(model);
        models[i].identity = hexOf(model.identity);
        models[i].blocks = model.blocks;
        models[i].bytes = model.bytes;
        models[i].pinnedBytes = model.pinnedBytes;
    }
    struct Visit {
        ColdEntryId entry;
        std::uint64_t pathBytes;  // with this one
    };
    std::vector<Visit> open;
    const auto visit = [&](ColdEntryId parent, ColdEntryId id, std::uint64_t before) {
        open.push_back({id, before + catalog.at(id).bytes + bytesOf(catalog, statesBefore(catalog, parent, id))});
    };
    catalog.forEach([&](ColdEntryId id, const ColdEntry& entry) {
        CachedModel& model = models[entry.model];
        model.lastUsedUnixMs = std::max(model.lastUsedUnixMs, entry.usedS * kMsPerSecond);
        if (entry.kind != ColdKind::State && catalog.at(entry.parent).root) visit(entry.parent, id, 0);
    });
    while (!open.empty()) {
        const Visit here = open.back();
        open.pop_back();
        const std::size_t before = open.size();
        catalog.forEachChild(here.entry, [&](ColdEntryId id, const ColdEntry& child) {
            if (child.kind != ColdKind::State) visit(here.entry, id, here.pathBytes);
        });
        if (open.size() > before) continue;
        listing.prefixes.push_back(prefixOf(catalog, here.entry, here.pathBytes));
        ++models[catalog.at(here.entry).model].prefixes;
    }
    for (CachedModel& model : models)
        if (model.blocks > 0 || model.prefixes > 0) listing.models.push_back(std::move(model));
    std::sort(listing.models.begin(), listing.models.end(), [](const CachedModel& a, const CachedModel& b) {
        return a.bytes != b.bytes ? a.bytes > b.bytes : a.identity < b.identity;
    });
    std::sort(listing.prefixes.begin(), listing.prefixes.end(), [](const CachedPrefix& a, const CachedPrefix& b) {
        return a.lastUsedUnixMs != b.lastUsedUnixMs ? a.lastUsedUnixMs > b.lastUsedUnixMs : a.id < b.id;
    });
    return listing;
}

Expected<ColdEntryId> findColdEnd(const ColdCatalog& catalog, const std::string& id) {
    ColdEntryId found = kNoColdEntry;
    std::size_t count = 0;
    if (!id.empty()) {
        catalog.forEach([&](ColdEntryId each, const ColdEntry& entry) {
            if (!isEnd(catalog, each, entry) || !hexOf(entry.key).starts_with(id)) return;
            found = each;
            ++count;
        });
    }
    if (count == 1) return found;
    if (count == 0) return Error{ErrorCode::NotFound, "There is no known prefix '" + id + "' in the KV cache on the disk."};
    return Error{ErrorCode::InvalidArgument, "'" + id + "' is the beginning of " + std::to_string(count) + " ids: write more of it."};
}

ColdPath pathTo(const ColdCatalog& catalog, ColdEntryId end) {
    ColdPath path;
    path.states = statesBehind(catalog, end);
    for (ColdEntryId each = end; catalog.at(each).present; each = catalog.at(each).parent) {
        path.blocks.push_back(each);
        const auto states = statesBefore(catalog, catalog.at(each).parent, each);
        path.states.insert(path.states.end(), states.begin(), states.end());
    }
    std::reverse(path.blocks.begin(), path.blocks.end());
    return path;
}

}  // namespace larder::kv
