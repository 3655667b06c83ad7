#include "engine/kv/cold_keeper.h"

#include <algorithm>
#include <utility>

#include "engine/base/log.h"

namespace larder::kv {
namespace {

constexpr double kFlushEveryMs = 30'000;      // of what only says how blocks were used
constexpr double kHeldRestMs = 5;
constexpr double kLongestRestMs = 1000;       // of a pause after an error
constexpr double kIdleRestMs = 3'600'000;
constexpr std::uint64_t kRowBytes = 16'384;   // what a row may add to the WAL: a path of pages

// How far the WAL may grow before it is emptied: a small share of the limit.
std::uint64_t walBytes(std::uint64_t limit) {
    return std::clamp<std::uint64_t>(limit / 64, 64 << 10, 4 << 20);
}

std::size_t rowsAtOnce(std::uint64_t limit) {
    return static_cast<std::size_t>(std::clamp<std::uint64_t>(walBytes(limit) / kRowBytes, 4, 256));
}

// Whether the database is to blame, not the disk or the memory.
bool isBroken(const Error& error) {
    return error.code != ErrorCode::Io && error.code != ErrorCode::NoSpace && error.code != ErrorCode::PermissionDenied &&
           error.code != ErrorCode::Unavailable && error.code != ErrorCode::OutOfMemory;
}

}  // namespace

ColdKeeper::ColdKeeper(ColdContext& context)
    : m_context(&context),
      m_trouble(context),
      m_removals(context.folder.files()),
      m_quarantine(context, m_removals),
      m_adoption(context, m_quarantine, m_removals),
      m_room(context, m_quarantine, m_adoption, m_removals),
      m_writer(context, m_room, m_removals, m_trouble),
      m_imports(context, m_room, m_removals) {}

// ---- The index.

Expected<void> ColdKeeper::openIndex() {
    auto opened = ColdIndex::open(m_context->folder.indexFile(), m_context->folder.files());
    if (!opened) return std::move(opened).error();
    m_index = std::move(opened).value();
    return {};
}

Expected<void> ColdKeeper::loadIndex() {
    std::vector<ColdRow> rows;
    auto contents = m_index->load([&](const ColdRow& row) { rows.push_back(row); });
    if (!contents) return std::move(contents).error();
    // In the order of use: who was used last stands in front of its siblings.
    std::sort(rows.begin(), rows.end(), [](const ColdRow& a, const ColdRow& b) { return a.entry.tick < b.entry.tick; });
    m_context->books.with([&](ColdBooks& books) {
        for (const ColdModelRow& model : contents->models) books.catalog.restoreModel(model.number, model.identity, model.name);
        books.writtenByDay = contents->writtenByDay;
        const auto& models = books.catalog.models();
        for (const ColdRow& row : rows) {
            if (row.entry.model >= models.size() || models[row.entry.model].root == BlockKey{}) continue;
            if (books.catalog.find(row.entry.key) != kNoColdEntry) continue;
            books.catalog.add(row.entry, row.parent);
            books.tick = std::max(books.tick, row.entry.tick);
        }
    });
    if (contents->badRows > 0)
        base::logWarning("The index of the KV cache has " + std::to_string(contents->badRows) + " damaged rows; their files are read again.");
    return {};
}

Expected<void> ColdKeeper::load() {
    auto loaded = openIndex();
    if (loaded) loaded = loadIndex();
    if (!loaded && isBroken(loaded.error())) {
        base::logWarning("The index of the KV cache is made anew: " + loaded.error().message);
        m_index.reset();
        m_context->books.with([](ColdBooks& books) { books.catalog = ColdCatalog(); });
        loaded = ColdIndex::discard(m_context->folder.indexFile(), m_context->folder.files());
        if (loaded) loaded = openIndex();
    }
    if (!loaded) return loaded;
    m_flushedMs = m_context->steadyMs();
    if (const auto free = m_context->folder.files().freeBytes(m_context->folder.root()))
        m_context->books.with([&](ColdBooks& books) { books.freeDiskBytes = *free; });
    (void)m_index->checkpoint();  // a WAL that was left behind; if it stays, it is counted
    m_indexBaseBytes = m_index->diskBytes();
    measureIndex();
    return {};
}

// The catalog knows everything that was in it.
void ColdKeeper::rebuildIndex() {
    m_index.reset();
    auto made = ColdIndex::discard(m_context->folder.indexFile(), m_context->folder.files());
    if (made) made = openIndex();
    if (!made) {
        m_trouble.failed(made.error());
        return;
    }
    m_indexBaseBytes = m_index->diskBytes();
    m_context->books.with([](ColdBooks& books) {
        books.goneRows.clear();
        books.writtenRows.clear();
        books.catalog.forEach([&](ColdEntryId, const ColdEntry& entry) {
            if (!entry.staged) books.writtenRows.push_back(entry.key);
        });
        for (std::size_t i = 0; i < books.catalog.models().size(); ++i) books.changedModels.insert(static_cast<std::uint16_t>(i));
        books.changedDay = true;
    });
    measureIndex();
}

void ColdKeeper::measureIndex() {
    const std::uint64_t bytes = m_index ? m_index->diskBytes() : 0;
    const std::uint64_t limit = m_context->books.with([&](ColdBooks& books) {
        books.bytes.index = bytes;
        return books.limitBytes;
    });
    m_room.setIndexReserve(m_indexBaseBytes + 2 * walBytes(limit));
}

ColdIndexChanges ColdKeeper::takeChanges(bool everything) {
    ColdIndexChanges changes;
    m_context->books.with([&](ColdBooks& books) {
        const std::size_t most = rowsAtOnce(books.limitBytes);
        const auto addRow = [&](const BlockKey& key) {
            const ColdEntryId id = books.catalog.find(key);
            if (id == kNoColdEntry || books.catalog.at(id).staged) return;
            books.catalog.setChanged(id, false);
            ColdRow row;
            row.entry = books.catalog.at(id);
            row.parent = books.catalog.at(row.entry.parent).key;
            changes.rows.push_back(row);
        };
        while (!books.goneRows.empty() && changes.gone.size() < most) {
            const ColdEntryId id = books.catalog.find(books.goneRows.back());
            // Those that came back have a row of their own by now, or get one.
            if (id == kNoColdEntry || books.catalog.at(id).staged) changes.gone.push_back(books.goneRows.back());
            books.goneRows.pop_back();
        }
        while (!books.writtenRows.empty() && changes.rows.size() + changes.gone.size() < most) {
            addRow(books.writtenRows.back());
            books.writtenRows.pop_back();
        }
        while (everything && !books.usedRows.empty() && changes.rows.size() + changes.gone.size() < most) {
            addRow(books.usedRows.back());
            books.usedRows.pop_back();
        }
        for (const std::uint16_t number : std::exchange(books.changedModels, {})) {
            const ColdModel& model = books.catalog.models()[number];
            if (model.root != BlockKey{}) changes.models.push_back({number, model.identity, model.name});
        }
        books.rowsUnderWay = !changes.rows.empty();
        if (std::exchange(books.changedDay, false)) changes.writtenByDay[books.today] = books.writtenToday();
    });
    return changes;
}

void ColdKeeper::putBack(const ColdIndexChanges& changes) {
    m_context->books.with([&](ColdBooks& books) {
        books.goneRows.insert(books.goneRows.end(), changes.gone.begin(), changes.gone.end());
        for (const ColdRow& row : changes.rows) books.writtenRows.push_back(row.entry.key);
        for (const ColdModelRow& model : changes.models) books.changedModels.insert(model.number);
        books.changedDay = books.changedDay || !changes.writtenByDay.empty();
    });
}

Expected<void> ColdKeeper::writeChanges(const ColdIndexChanges& changes) {
    if (!m_index) return Error{ErrorCode::Io, "The index of the KV cache could not be made."};
    auto written = m_index->write(changes);
    const std::uint64_t limit = m_context->books.with([](const ColdBooks& books) { return books.limitBytes; });
    if (written && m_index->diskBytes() > m_indexBaseBytes + walBytes(limit)) {
        written = m_index->checkpoint();
        m_indexBaseBytes = m_index->diskBytes();
    }
    measureIndex();
    return written;
}

// False: there was nothing to write. everything: also how blocks were used.
bool ColdKeeper::flushSome(bool everything) {
    const ColdIndexChanges changes = takeChanges(everything);
    if (changes.empty()) return false;
    const auto written = writeChanges(changes);
    if (!written) putBack(changes);
    m_context->books.with([](ColdBooks& books) { books.rowsUnderWay = false; });
    if (written) return true;
    if (m_index && isBroken(written.error())) {
        base::logWarning("The index of the KV cache is made anew: " + written.error().message);
        rebuildIndex();
    } else {
        m_trouble.failed(written.error());
    }
    return true;
}

Expected<void> ColdKeeper::flushIndex() {
    while (!m_trouble.pausing() && flushSome(true)) continue;
    if (!m_trouble.pausing()) return {};
    return Error{ErrorCode::Io, m_context->books.with([](const ColdBooks& books) { return books.problem; })};
}

// ---- The work.

bool ColdKeeper::takeStagedBack() {
    return m_context->books.with([](ColdBooks& books) {
        const std::uint64_t before = books.counters.refusedBlocks;
        while (const auto first = books.staging.after(0).block) books.counters.refusedBlocks += books.takeBack(first->head.key);
        return books.counters.refusedBlocks > before;
    });
}

bool ColdKeeper::evictSome() {
    if (!m_room.overLimit()) return false;
    // What the WAL holds twice goes first.
    if (m_index && m_index->diskBytes() > m_indexBaseBytes) {
        if (auto done = m_index->checkpoint(); !done) m_trouble.failed(done.error());
        m_indexBaseBytes = m_index->diskBytes();
        measureIndex();
        if (!m_room.overLimit()) return true;
    }
    const auto evicted = m_room.evictOne();
    if (evicted == ColdRoomResult::Failed) m_trouble.failed(m_room.problem());
    // What is staged keeps its parents: over the limit it goes first. It is known in RAM, and staged again when it is used again.
    if (evicted == ColdRoomResult::None && takeStagedBack()) return true;
    if (evicted == ColdRoomResult::None) m_trouble.noRoom(m_room.problem().message);
    return evicted == ColdRoomResult::Made;
}

bool ColdKeeper::step() {
    if (m_trouble.pausing()) return m_index != nullptr && m_adoption.scanned() && evictSome();  // a limit holds all the same
    const auto settled = m_quarantine.settleLeftovers();
    if (!settled) m_trouble.failed(settled.error());
    if (!settled) return false;
    if (!m_index) {
        rebuildIndex();
        return m_index != nullptr;
    }
    if (!m_adoption.scanned()) {
        const auto scanned = m_adoption.scanNext();
        if (!scanned) m_trouble.failed(scanned.error());
        return scanned.ok();
    }
    if (evictSome()) return true;
    if (m_writer.write(true)) return true;
    const bool due = m_context->steadyMs() - m_flushedMs >= kFlushEveryMs;
    if (flushSome(due)) return true;
    if (due) m_flushedMs = m_context->steadyMs();
    if (m_removals.pending()) {
        if (const auto synced = m_removals.sync(); !synced) m_trouble.failed(synced.error());
        return true;
    }
    if (!m_adoption.hasWork()) return false;
    if (const auto adopted = m_adoption.adoptNext(); !adopted) m_trouble.failed(adopted.error());
    return true;
}

double ColdKeeper::restMs() {
    if (m_trouble.pausing()) return std::max(1.0, std::min(kLongestRestMs, m_trouble.untilMs() - m_context->steadyMs()));
    return m_context->books.with([&](const ColdBooks& books) {
        if (books.held) return kHeldRestMs;
        // Idle, nothing wakes up.
        return books.usedRows.empty() ? kIdleRestMs : std::max(1.0, m_flushedMs + kFlushEveryMs - m_context->steadyMs());
    });
}

Expected<void> ColdKeeper::finishScan() {
    while (!m_adoption.scanned())
        if (auto scanned = m_adoption.scanNext(); !scanned) return scanned;
    return {};
}

Expected<void> ColdKeeper::removeStrays() {
    while (m_adoption.hasStrays())
        if (auto removed = m_adoption.removeStray(); !removed) return removed;
    while (!m_quarantine.empty())
        if (auto removed = m_quarantine.removeOldest(); !removed) return removed;
    return {};
}

void ColdKeeper::finish() {
    m_trouble.endPause();
    const bool waiting = m_context->books.with([](const ColdBooks& books) { return books.staging.blocks() > 0; });
    const bool mayWrite = waiting && finishScan().ok();
    // An error of the disk ends it: the rest is computed again some day.
    while (mayWrite && !m_trouble.pausing() && m_writer.write(false)) continue;
    m_trouble.endPause();
    (void)m_quarantine.settleLeftovers();
    (void)flushIndex();
    (void)m_removals.sync();
    if (m_index) (void)m_index->checkpoint();
    m_index.reset();
}

}  // namespace larder::kv
