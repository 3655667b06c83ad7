#include "engine/kv/cold_writer.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace larder::kv {
namespace {

constexpr double kLongestBatchMs = 2000;
constexpr double kLongestHoldMs = 2000;
constexpr std::size_t kMostFiles = 32;
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kDiskPage = 4096;

std::uint64_t wholePages(std::uint64_t bytes) {
    return (bytes + kDiskPage - 1) / kDiskPage * kDiskPage;
}

}  // namespace

bool ColdWriter::readsGoFirst() {
    const bool waiting = m_context->books.with([](const ColdBooks& books) { return !books.reads.empty() || !books.reading.empty(); });
    if (!waiting) {
        m_heldSinceMs = -1;
        return false;
    }
    const double now = m_context->steadyMs();
    if (m_heldSinceMs < 0) m_heldSinceMs = now;
    return now - m_heldSinceMs < kLongestHoldMs;
}

bool ColdWriter::write(bool patient) {
    if (m_context->books.with([](const ColdBooks& books) { return books.staging.blocks() == 0; })) return false;
    const bool held = patient && readsGoFirst();
    m_context->books.with([&](ColdBooks& books) { books.held = held; });
    if (held) return false;
    m_heldSinceMs = -1;
    removeAbandoned();
    // For all of the batch at once: a folder is synced once for many files that left it.
    const std::uint64_t ahead = m_context->books.with([](const ColdBooks& books) {
        return books.staging.bytes() + books.staging.blocks() * (kColdHeadBytes + kDiskPage);
    });
    (void)m_room->make(std::min(ahead, kMostBytes));
    std::vector<InFlight> batch;
    std::uint64_t bytes = 0;
    const double started = m_context->steadyMs();
    ColdStaging::Number last = 0;
    while (batch.size() < kMostFiles && bytes < kMostBytes && m_context->steadyMs() - started < kLongestBatchMs) {
        if (!batch.empty() && patient && readsGoFirst()) break;
        InFlight flight;
        m_context->books.with([&](const ColdBooks& books) {
            auto next = books.staging.after(last);
            flight.number = next.number;
            flight.block = std::move(next.block);
        });
        if (!flight.block) break;
        last = flight.number;
        if (!start(flight)) {
            if (m_trouble->pausing()) break;
            continue;
        }
        bytes += flight.claimedBytes;
        batch.push_back(std::move(flight));
    }
    finish(batch);
    return true;
}

// False: there is no room, or the disk refused; the block was taken back.
bool ColdWriter::start(InFlight& flight) {
    flight.head = flight.block->head;
    if (m_context->books.with([](const ColdBooks& books) { return books.limitBytes == 0; })) {
        refuse(flight.head.key);
        return false;
    }
    const std::uint64_t bytes = wholePages(kColdHeadBytes + flight.block->byteCount);
    switch (m_room->make(bytes)) {
        case ColdRoomResult::Made: break;
        case ColdRoomResult::None:    // it is tried again after the pause, not at once: whoever has the block stages it anew
        case ColdRoomResult::Failed:
            m_trouble->failed(m_room->problem());
            refuse(flight.head.key);
            return false;
    }
    flight.claimedBytes = bytes;
    m_context->books.with([&](ColdBooks& books) { books.bytes.unfinished += bytes; });
    if (auto written = writeFile(flight); !written) {
        m_trouble->failed(written.error());
        refuse(flight.head.key);
        abandon(flight);
        return false;
    }
    return true;
}

Expected<void> ColdWriter::writeFile(InFlight& flight) {
    const std::size_t subfolder = ColdFolder::subfolderOf(flight.head.key);
    if (!m_made[subfolder]) {
        if (auto made = m_context->folder.files().makeFolder(m_context->folder.subfolder(subfolder)); !made) return made;
        if (auto synced = m_context->folder.files().syncFolder(m_context->folder.blocks()); !synced) return synced;
        m_made[subfolder] = true;
    }
    const ColdCodec codec = m_context->books.with([](const ColdBooks& books) { return books.codec; });
    std::vector<std::vector<std::byte>> compressed(flight.head.parts.size());
    std::vector<std::span<const std::byte>> payload;
    for (std::size_t i = 0; i < flight.head.parts.size(); ++i) {
        ColdHead::Part& part = flight.head.parts[i];
        const auto raw = flight.block->part(i);
        part.codec = ColdCodec::None;
        part.storedBytes = part.rawBytes;
        payload.push_back(raw);
        if (codec != ColdCodec::Zstd) continue;
        const auto packed = m_scratch.compressor.compress(raw, flight.head.elementBytes, m_context->settings.zstdLevel);
        if (packed.empty() || packed.size() > raw.size() / 10 * 9) continue;
        compressed[i].assign(packed.begin(), packed.end());
        part.codec = ColdCodec::Zstd;
        part.storedBytes = packed.size();
        payload.back() = compressed[i];
    }
    auto file = writeColdFile(m_context->folder.files(), m_context->folder.unfinished(flight.head.key, flight.number),
                              writeColdHead(flight.head, payload), payload);
    if (!file) return std::move(file).error();
    flight.file = std::move(file).value();
    return {};
}

void ColdWriter::finish(std::vector<InFlight>& batch) {
    if (batch.empty()) return;
    std::set<std::size_t> folders;
    std::vector<const InFlight*> named;
    for (InFlight& flight : batch) {
        if (!nameFile(flight)) continue;
        named.push_back(&flight);
        folders.insert(ColdFolder::subfolderOf(flight.head.key));
    }
    Expected<void> synced;
    for (const std::size_t folder : folders)
        if (auto done = m_context->folder.files().syncFolder(m_context->folder.subfolder(folder)); !done) synced = done;
    for (const InFlight* flight : named) settle(*flight, m_context->folder.files().diskBytes(m_context->folder.block(flight->head.key)));
    if (!synced)
        m_trouble->failed(synced.error());
    else if (!named.empty() && !m_trouble->pausing())
        m_trouble->worked();
    m_context->tellNews();
}

// To the platter, then under its name. False: it was taken back meanwhile, or the disk refused.
bool ColdWriter::nameFile(InFlight& flight) {
    const bool wanted = m_context->books.with([&](const ColdBooks& books) { return books.staging.holds(flight.number); });
    Expected<void> done;
    if (wanted) done = flight.file->sync();
    flight.file.reset();
    if (wanted && done)
        done = m_context->folder.files().rename(m_context->folder.unfinished(flight.head.key, flight.number), m_context->folder.block(flight.head.key));
    if (wanted && done) return true;
    if (!done) {
        m_trouble->failed(done.error());
        refuse(flight.head.key);
    }
    abandon(flight);
    return false;
}

void ColdWriter::settle(const InFlight& flight, std::uint64_t bytes) {
    const std::int64_t today = m_context->dayNow();
    m_context->books.with([&](ColdBooks& books) {
        books.today = today;
        books.bytes.unfinished -= flight.claimedBytes;
        books.countWritten(bytes);
        ++books.counters.writtenBlocks;
        books.counters.writtenBytes += bytes;
        if (!books.staging.holds(flight.number)) {
            // Dropped while it was written, and perhaps staged again: this file is nobody's.
            books.leftovers.push_back({flight.head.key, bytes, false});
            books.bytes.leftover += bytes;
            return;
        }
        const ColdEntryId settled = books.catalog.find(flight.head.key);
        books.catalog.settle(settled, static_cast<std::uint32_t>(bytes));
        dropCoveredTails(books, settled, flight.head);
        books.staging.remove(flight.head.key);
        books.writtenRows.push_back(flight.head.key);
    });
}

// Tails that this block begins with say nothing it does not say, now that it is durable.
void ColdWriter::dropCoveredTails(ColdBooks& books, ColdEntryId settled, const ColdHead& head) {
    if (head.kind == ColdKind::State) return;
    std::vector<ColdEntryId> covered;
    books.catalog.forEachChild(books.catalog.at(settled).parent, [&](ColdEntryId id, const ColdEntry& tail) {
        if (id == settled || tail.kind != ColdKind::Tail || tail.pinned || tail.count >= head.tokens.size()) return;
        if (tail.groups != books.catalog.at(settled).groups) return;  // windows that this one lacks
        if (tail.key == tailKey(head.parent, std::span(head.tokens).first(tail.count))) covered.push_back(id);
    });
    for (const ColdEntryId each : covered) books.forget(each, false);
}

// Removes the unfinished file; what cannot be removed now is tried again before the next batch, and counts meanwhile.
void ColdWriter::abandon(const InFlight& flight) {
    m_abandoned.push_back({m_context->folder.unfinished(flight.head.key, flight.number), flight.claimedBytes});
    removeAbandoned();
}

void ColdWriter::removeAbandoned() {
    std::uint64_t freed = 0;
    std::erase_if(m_abandoned, [&](const Abandoned& each) {
        const bool removed = m_removals->remove(each.file).ok();
        if (removed) freed += each.bytes;
        return removed;
    });
    if (freed > 0) m_context->books.with([&](ColdBooks& books) { books.bytes.unfinished -= freed; });
}

// Not written: the block and what is staged below it are taken back.
void ColdWriter::refuse(const BlockKey& key) {
    m_context->books.with([&](ColdBooks& books) {
        const std::size_t blocks = books.takeBack(key);
        books.counters.refusedBlocks += blocks;
        books.takenBack += blocks;
    });
    m_context->tellNews();
}

}  // namespace larder::kv
