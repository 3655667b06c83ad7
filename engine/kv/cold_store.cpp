#include "engine/kv/cold_store.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "engine/base/log.h"
#include "engine/kv/cold_store_inner.h"

namespace larder::kv {
namespace {

constexpr std::size_t kMostClosest = 4;
constexpr std::uint64_t kMostBlockBytes = std::uint64_t{1} << 30;

std::size_t rawBytesOf(const ColdHead& head) {
    std::size_t bytes = 0;
    for (const ColdHead::Part& part : head.parts) bytes += part.rawBytes;
    return bytes;
}

}  // namespace

// ---- Opening and closing.

Expected<std::unique_ptr<ColdStore>> ColdStore::open(ColdSettings settings) {
    base::FileSystem& files = settings.files ? *settings.files : base::realFileSystem();
    ColdFolder folder(files, settings.folder);
    auto inner = std::make_unique<Inner>(std::move(settings), folder);
    if (auto made = folder.make(); !made) return std::move(made).error();
    auto lock = files.lock(folder.lockFile());
    if (!lock) return std::move(lock).error();
    inner->lock = std::move(lock).value();
    if (auto loaded = inner->keeper.load(); !loaded) return std::move(loaded).error();
    if (!inner->context.settings.manual) inner->start();
    return std::unique_ptr<ColdStore>(new ColdStore(std::move(inner)));
}

ColdStore::ColdStore(std::unique_ptr<Inner> inner) : m_inner(std::move(inner)) {}

ColdStore::~ColdStore() {
    close();
}

void ColdStore::stopReading() {
    m_inner->context.books.with([](ColdBooks& books) {
        books.readsStopped = true;
        for (const ColdBooks::Waiting& read : books.reads) books.done.push_back({read.ticket, 0, DiskLoss::None});
        books.reads.clear();
    });
    for (const auto& bell : m_inner->bells) bell->close();
    m_inner->readerThreads.clear();
}

void ColdStore::close() {
    stopReading();
    const bool first = m_inner->context.books.with([](ColdBooks& books) {
        const bool open = !books.closed;
        books.closed = true;
        return open;
    });
    if (!first) return;
    m_inner->wishes.close();
    m_inner->keeperThread.join();
    m_inner->keeper.finish();
    m_inner->lock.reset();
}

bool ColdStore::work() {
    assert(m_inner->context.settings.manual);
    if (m_inner->closed()) return false;
    return m_inner->manualReader.readNext() || m_inner->keeper.step();
}

// ---- What is there.

bool ColdStore::isOn() const {
    return m_inner->context.books.with([](const ColdBooks& books) { return !books.off(); });
}

std::optional<ColdFacts> ColdStore::find(const BlockKey& key) const {
    return findAll(std::span(&key, 1)).front();
}

std::vector<std::optional<ColdFacts>> ColdStore::findAll(std::span<const BlockKey> keys) const {
    std::vector<std::optional<ColdFacts>> found(keys.size());
    m_inner->context.books.with([&](const ColdBooks& books) {
        if (books.off()) return;
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (const auto entry = books.catalog.findReachable(keys[i]); entry != kNoColdEntry) found[i] = books.factsOf(entry);
    });
    return found;
}

std::vector<BlockKey> ColdStore::closest(const BlockKey& parent, std::span<const TokenId> tokens) const {
    return m_inner->context.books.with([&](const ColdBooks& books) {
        std::vector<BlockKey> keys;
        if (books.off()) return keys;
        for (const ColdEntryId entry : books.catalog.closest(parent, tokens, kMostClosest)) keys.push_back(books.catalog.at(entry).key);
        return keys;
    });
}

std::vector<ColdState> ColdStore::states(const BlockKey& parent, std::span<const TokenId> tokens) const {
    return m_inner->context.books.with([&](const ColdBooks& books) {
        std::vector<ColdState> states;
        if (books.off()) return states;
        for (const ColdEntryId id : books.catalog.states(parent, tokens)) {
            const ColdEntry& entry = books.catalog.at(id);
            states.push_back({entry.key, entry.count});
        }
        return states;
    });
}

// ---- Writing.

StageResult ColdStore::stage(const ColdBlock& block) {
    ColdContext& context = m_inner->context;
    const std::size_t bytes = rawBytesOf(block.head);
    assert(block.payload.size() == block.head.parts.size());
    const std::int64_t today = context.dayNow();
    const std::uint32_t now = context.secondsNow();
    const auto check = [&](ColdBooks& books) {
        if (books.off()) return StageResult::Off;
        books.today = today;
        if (books.catalog.find(block.head.key) != kNoColdEntry) return StageResult::AlreadyThere;
        const auto model = books.catalog.modelNumber(block.head.identity);
        if (!model || !books.catalog.isParent(block.head.parent, *model)) return StageResult::NoParent;
        if (books.paused) return StageResult::Full;  // there is news when it is tried again
        if (bytes > kMostBlockBytes || bytes + kColdHeadBytes > books.limitBytes) return StageResult::NotAdmitted;
        const bool wanted = block.pinned || block.uses >= 2 || books.bytesPerDay == 0;
        if (!wanted && books.writtenToday() + books.staging.bytes() >= books.bytesPerDay) {
            ++books.counters.refusedBlocks;
            return StageResult::NotAdmitted;
        }
        // One block alone may be larger than all the room for them.
        const std::size_t waiting = books.staging.bytes() + books.claimedBytes;
        return waiting > 0 && waiting + bytes > context.settings.stagedBytes ? StageResult::Full : StageResult::Staged;
    };
    const StageResult allowed = context.books.with([&](ColdBooks& books) {
        const StageResult result = check(books);
        if (result == StageResult::Staged) books.claimedBytes += bytes;
        return result;
    });
    if (allowed != StageResult::Staged) return allowed;

    auto staged = std::make_shared<StagedBlock>();
    staged->head = block.head;
    staged->bytes = std::make_unique_for_overwrite<std::byte[]>(bytes);
    for (std::size_t i = 0; i < block.payload.size(); ++i) {
        assert(block.payload[i].size() == block.head.parts[i].rawBytes);
        if (!block.payload[i].empty()) std::memcpy(staged->bytes.get() + staged->byteCount, block.payload[i].data(), block.payload[i].size());
        staged->byteCount += block.payload[i].size();
    }
    const StageResult result = context.books.with([&](ColdBooks& books) {
        books.claimedBytes -= bytes;
        const StageResult still = check(books);
        if (still != StageResult::Staged) return still;
        const std::uint16_t model = *books.catalog.modelNumber(block.head.identity);
        ColdEntry entry = coldEntryOf(block.head, model, now);
        entry.uses = block.uses;
        entry.staged = true;
        entry.tick = ++books.tick;
        entry.pinned = block.pinned && books.mayPin(kColdHeadBytes + bytes);
        books.catalog.add(entry, block.head.parent);
        books.staging.add(std::move(staged));
        if (books.catalog.models()[model].blocks == 0) books.changedModels.insert(model);
        return StageResult::Staged;
    });
    if (result == StageResult::Staged) m_inner->ringKeeper();
    return result;
}

void ColdStore::drop(const BlockKey& key) {
    const bool dropped = m_inner->context.books.with([&](ColdBooks& books) {
        const ColdEntryId entry = books.catalog.find(key);
        if (books.closed || entry == kNoColdEntry || books.catalog.at(entry).pinned) return false;
        // What hangs below a full block would be lost with it.
        if (books.catalog.at(entry).firstChild != kNoColdEntry) return false;
        books.forget(entry, false);
        return true;
    });
    if (dropped) m_inner->ringKeeper();
}

void ColdStore::touch(std::span<const BlockKey> keys) {
    const std::uint32_t now = m_inner->context.secondsNow();
    m_inner->context.books.with([&](ColdBooks& books) {
        if (books.closed) return;
        const std::uint64_t tick = ++books.tick;
        for (const BlockKey& key : keys) {
            const ColdEntryId entry = books.catalog.findReachable(key);
            if (entry == kNoColdEntry) continue;
            books.catalog.use(entry, tick, now);
            books.noteUsed(entry);
        }
    });
}

void ColdStore::pinAll(std::span<const BlockKey> keys) {
    const bool changed = m_inner->context.books.with([&](ColdBooks& books) {
        bool any = false;
        for (const BlockKey& key : keys) any = (!books.closed && books.pin(key)) || any;
        return any;
    });
    if (changed) m_inner->ringKeeper();
}

// ---- Reading.

ReadTicket ColdStore::read(ColdRead order) {
    assert(!order.candidates.empty());
    bool closed = false;
    const ReadTicket ticket = m_inner->context.books.with([&](ColdBooks& books) {
        const ReadTicket made{++books.lastTicket};
        closed = books.off() || books.readsStopped;
        if (closed)
            books.done.push_back({made, 0, DiskLoss::None});
        else
            books.reads.push_back({made, std::move(order)});
        return made;
    });
    if (closed)
        m_inner->context.tellNews();
    else
        m_inner->ringReaders();
    return ticket;
}

bool ColdStore::cancel(ReadTicket ticket) {
    return m_inner->context.books.with([&](ColdBooks& books) {
        std::erase_if(books.reads, [&](const ColdBooks::Waiting& read) { return read.ticket == ticket; });
        std::erase_if(books.done, [&](const ColdReadDone& done) { return done.ticket == ticket; });
        return !books.reading.contains(ticket);
    });
}

std::vector<ColdReadDone> ColdStore::takeRead() {
    return m_inner->context.books.with([](ColdBooks& books) { return std::exchange(books.done, {}); });
}

// ---- News.

void ColdStore::listen(std::function<void()> news) {
    m_inner->context.listener.with([&](std::function<void()>& listener) { listener = std::move(news); });
}

bool ColdStore::waitForRoom(double ms) {
    if (m_inner->context.settings.manual) return work();
    ColdContext& context = m_inner->context;
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double, std::milli>(ms));
    while (std::chrono::steady_clock::now() < until) {
        context.roomAsked = true;
        const auto room = context.books.with([&](const ColdBooks& books) -> std::optional<bool> {
            if (books.off() || books.paused) return false;
            if (books.staging.bytes() <= context.settings.stagedBytes / 2) return true;
            return std::nullopt;
        });
        if (room) return *room;
        (void)context.roomBell.waitUntil(until);
    }
    return false;
}

std::uint64_t ColdStore::takenBackBlocks() const {
    return m_inner->context.books.with([](const ColdBooks& books) { return books.takenBack; });
}

// ---- Settings and figures.

void ColdStore::setLimit(std::uint64_t bytes) {
    m_inner->context.books.with([&](ColdBooks& books) { books.limitBytes = bytes; });
    m_inner->ringKeeper();
}

void ColdStore::setFloor(std::uint64_t bytes) {
    m_inner->context.books.with([&](ColdBooks& books) { books.floorBytes = bytes; });
}

void ColdStore::setCodec(ColdCodec codec) {
    m_inner->context.books.with([&](ColdBooks& books) { books.codec = codec; });
}

void ColdStore::setBytesPerDay(std::uint64_t bytes) {
    m_inner->context.books.with([&](ColdBooks& books) { books.bytesPerDay = bytes; });
}

ColdTierStatus ColdStore::status() const {
    const ColdContext& context = m_inner->context;
    const std::int64_t today = context.dayNow();
    return context.books.with([&](const ColdBooks& books) {
        ColdTierStatus status = books.counters;
        status.on = !books.off();
        status.folder = context.folder.root().string();
        status.limitBytes = books.limitBytes;
        status.usedBytes = books.usedBytes();
        status.pinnedBytes = books.catalog.pinnedBytes();
        status.stagedBytes = books.staging.bytes();
        status.blocks = books.catalog.blocks();
        status.freeDiskBytes = books.freeDiskBytes;
        status.floorBytes = books.floorBytes;
        status.bytesPerDay = books.bytesPerDay;
        const auto written = books.writtenByDay.find(today);
        status.writtenTodayBytes = written == books.writtenByDay.end() ? 0 : written->second;
        status.writing = books.staging.blocks() > 0 || !books.writtenRows.empty() || books.rowsUnderWay;
        status.problem = books.problem;
        return status;
    });
}

std::string ColdStore::checkIntegrity() const {
    return m_inner->context.books.with([](const ColdBooks& books) { return books.checkIntegrity(); });
}

}  // namespace larder::kv
