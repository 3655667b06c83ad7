#include "engine/kv/cold_adoption.h"

#include <algorithm>
#include <utility>

#include "engine/base/log.h"

namespace larder::kv {
namespace {

bool lowerKey(const BlockKey& a, const BlockKey& b) {
    return a.high != b.high ? a.high < b.high : a.low < b.low;
}

}  // namespace

Expected<void> ColdAdoption::scanNext() {
    auto done = m_nextSubfolder == 0 ? scanRest() : scanSubfolder(m_nextSubfolder - 1);
    if (!done) return done;
    if (++m_nextSubfolder > kColdSubfolders) m_known = {};
    return {};
}

Expected<void> ColdAdoption::scanRest() {
    if (auto loaded = m_quarantine->load(); !loaded) return loaded;
    if (auto emptied = empty(m_context->folder.incoming()); !emptied) return emptied;
    m_removals->doubt(m_context->folder.quarantine());
    m_removals->doubt(m_context->folder.incoming());
    m_known.clear();
    m_context->books.with([&](const ColdBooks& books) {
        m_known.reserve(books.catalog.blocks());
        books.catalog.forEach([&](ColdEntryId, const ColdEntry& entry) {
            if (!entry.staged) m_known.push_back(entry.key);
        });
    });
    std::sort(m_known.begin(), m_known.end(), lowerKey);
    return {};
}

Expected<void> ColdAdoption::empty(const std::filesystem::path& folder) {
    base::FileSystem& files = m_context->folder.files();
    auto entries = files.list(folder);
    if (!entries && entries.error().code == ErrorCode::NotFound) return {};
    if (!entries) return std::move(entries).error();
    for (const base::FolderEntry& entry : *entries) {
        if (entry.isFolder)
            if (auto emptied = empty(folder / entry.name); !emptied) return emptied;
        if (auto removed = m_removals->remove(folder / entry.name); !removed) return removed;
    }
    return {};
}

Expected<void> ColdAdoption::scanSubfolder(std::size_t number) {
    base::FileSystem& files = m_context->folder.files();
    const auto folder = m_context->folder.subfolder(number);
    auto entries = files.list(folder);
    if (!entries && entries.error().code != ErrorCode::NotFound) return std::move(entries).error();
    std::vector<BlockKey> there;
    std::uint64_t foreignBytes = 0;
    if (entries) {
        m_removals->doubt(folder);
        for (const base::FolderEntry& entry : *entries) {
            if (entry.isFolder) continue;
            const auto file = folder / entry.name;
            if (ColdFolder::isUnfinished(entry.name)) {
                if (auto removed = m_removals->remove(file); !removed) return removed;
                continue;
            }
            const auto key = ColdFolder::keyOfName(entry.name);
            if (key && ColdFolder::subfolderOf(*key) == number) there.push_back(*key);
            else foreignBytes += files.diskBytes(file);  // not ours: it stays, and counts
        }
    }
    countStray(foreignBytes, true);
    std::sort(there.begin(), there.end(), lowerKey);
    for (const BlockKey& key : there) {
        if (std::binary_search(m_known.begin(), m_known.end(), key, lowerKey)) continue;
        const Stray stray{key, files.diskBytes(m_context->folder.block(key))};
        m_strays.push_back(stray);
        countStray(stray.bytes, true);
    }
    dropRowsWithoutFile(number, there);
    return {};
}

void ColdAdoption::dropRowsWithoutFile(std::size_t number, const std::vector<BlockKey>& there) {
    const auto first = std::lower_bound(m_known.begin(), m_known.end(), BlockKey{0, static_cast<std::uint64_t>(number) << 56}, lowerKey);
    for (auto key = first; key != m_known.end() && ColdFolder::subfolderOf(*key) == number; ++key) {
        if (std::binary_search(there.begin(), there.end(), *key, lowerKey)) continue;
        m_context->books.with([&](ColdBooks& books) {
            const ColdEntryId entry = books.catalog.find(*key);
            if (entry != kNoColdEntry && !books.catalog.at(entry).staged) books.forget(entry, false);
        });
    }
}

Expected<void> ColdAdoption::adoptNext() {
    const Stray stray = m_strays.front();
    base::FileSystem& files = m_context->folder.files();
    const auto path = m_context->folder.block(stray.key);
    const auto file = openColdFile(files, path, stray.key);
    Expected<void> checked;
    if (!file)
        checked = file.error();
    else
        checked = readColdPayload(*file, {}, m_scratch);
    if (file) file->file->forget();
    if (!checked && checked.error().code == ErrorCode::Corrupt) {
        base::logWarning(checked.error().message);
        if (auto taken = m_quarantine->take(path, stray.key, stray.bytes); !taken) return taken;
    } else if (!checked && checked.error().code != ErrorCode::NotFound) {
        // It stays where it is, counted, until the next start or until its room is wanted.
        m_unreadable.push_back(stray);
        m_strays.pop_front();
        return {};
    } else if (checked && !takeIn(stray, file->head)) {
        if (auto removed = m_removals->remove(path); !removed) return removed;
    }
    m_strays.pop_front();
    countStray(stray.bytes, false);
    return {};
}

// False: it is of no use, for its block came again meanwhile or there are too many models.
bool ColdAdoption::takeIn(const Stray& stray, const ColdHead& head) {
    const std::uint32_t now = m_context->secondsNow();
    return m_context->books.with([&](ColdBooks& books) {
        const ColdEntryId known = books.catalog.find(stray.key);
        // On the disk under the same name: the file is the newer one's.
        if (known != kNoColdEntry) return !books.catalog.at(known).staged;
        const auto model = books.catalog.modelNumber(head.identity);
        if (!model) return false;
        ColdEntry entry = coldEntryOf(head, *model, now);
        entry.bytes = static_cast<std::uint32_t>(stray.bytes);
        books.catalog.add(entry, head.parent);
        books.writtenRows.push_back(head.key);
        books.changedModels.insert(*model);
        ++books.counters.adoptedBlocks;
        return true;
    });
}

Expected<void> ColdAdoption::removeStray() {
    std::deque<Stray>& from = m_unreadable.empty() ? m_strays : m_unreadable;
    const Stray stray = from.front();
    from.pop_front();
    const bool ours = m_context->books.with([&](const ColdBooks& books) {
        const ColdEntryId entry = books.catalog.find(stray.key);
        return entry == kNoColdEntry || books.catalog.at(entry).staged;
    });
    if (ours)
        if (auto removed = m_removals->remove(m_context->folder.block(stray.key)); !removed) {
            m_unreadable.push_back(stray);
            return removed;
        }
    countStray(stray.bytes, false);
    return {};
}

void ColdAdoption::countStray(std::uint64_t bytes, bool more) {
    m_context->books.with([&](ColdBooks& books) { books.bytes.stray += more ? bytes : ~bytes + 1; });
}

}  // namespace larder::kv
