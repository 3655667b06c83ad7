#include "engine/records/replay_store.h"

#include <utility>

#include "engine/base/log.h"
#include "engine/records/set_aside.h"

namespace larder::records {
namespace {

constexpr std::size_t kBytesAWrite = 1 << 20;

std::int64_t replayUnixMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::size_t queuedBytes(const ReplayChange& change) {
    return sizeof(change) + change.key.size() + (change.record ? memoryBytes(*change.record) : 0);
}

}  // namespace

SqliteReplayStore::SqliteReplayStore(ReplayStoreParts parts)
    : m_parts(std::move(parts)), m_memory(ReplayMemory(m_parts.memoryBytes)) {
    if (!m_parts.unixMs) m_parts.unixMs = replayUnixMs;
    post([this] { open(); });
    m_thread = base::Thread("replay", [this] { run(); });
}

SqliteReplayStore::~SqliteReplayStore() {
    m_mailbox.close();
    m_thread.join();
}

std::optional<ReplayRecord> SqliteReplayStore::find(const std::string& key) {
    const auto entry = known(key);
    const Record record = entry ? entry->record : m_late ? nullptr : ask(key);
    return record ? std::optional(*record) : std::nullopt;
}

void SqliteReplayStore::put(const std::string& key, ReplayRecord record) {
    const auto shared = std::make_shared<const ReplayRecord>(std::move(record));
    const std::int64_t now = hour();
    m_memory.with([&](ReplayMemory& memory) { memory.put(key, {shared, now}); });
    change({key, shared, now});
}

void SqliteReplayStore::clear() {
    m_memory.with([](ReplayMemory& memory) { memory.clear(); });
    post([this] { removeFile(); });
}

// The next change makes a new one. What is put meanwhile is a change that comes behind this.
void SqliteReplayStore::removeFile() {
    for (const ReplayChange& change : std::exchange(m_changes, {})) m_queuedBytes -= queuedBytes(change);
    m_file.reset();
    auto removed = removeDatabase(m_parts.file, m_parts.files != nullptr ? *m_parts.files : base::realFileSystem());
    if (!removed) warnOnce(removed.error());
    // A look at the disk that was under way may have brought something back.
    m_memory.with([](ReplayMemory& memory) { memory.clear(); });
}

void SqliteReplayStore::flush() {
    const auto done = std::make_shared<base::Mailbox<bool>>();
    if (post([this, done] {
            writeChanges();
            done->post(true);
        }))
        done->wait();
}

// A disk that does not keep up must not fill the RAM: then it never learns of this one.
void SqliteReplayStore::change(ReplayChange change) {
    const std::size_t bytes = queuedBytes(change);
    if (m_queuedBytes + bytes > m_parts.queueBytes) return;
    m_queuedBytes += bytes;
    post([this, change = std::move(change)] { m_changes.push_back(change); });
}

// What the RAM knows. Tells the disk of the first use in every hour.
std::optional<ReplayMemory::Entry> SqliteReplayStore::known(const std::string& key) {
    const std::int64_t now = hour();
    bool again = false;
    const auto entry = m_memory.with([&](ReplayMemory& memory) -> std::optional<ReplayMemory::Entry> {
        ReplayMemory::Entry* found = memory.find(key);
        if (found == nullptr) return std::nullopt;
        again = found->record && std::exchange(found->usedHour, now) != now;
        return *found;
    });
    if (again) change({key, nullptr, now});
    return entry;
}

SqliteReplayStore::Record SqliteReplayStore::ask(const std::string& key) {
    const auto answer = std::make_shared<base::Mailbox<Record>>();
    if (!post([this, key, answer] { answer->post(look(key)); })) return nullptr;
    const auto records = answer->waitUntil(Clock::now() + m_parts.patience);
    if (!records.empty()) return records.front();
    m_late = true;
    post([this] { m_late = false; });  // it comes after the answer
    return nullptr;
}

void SqliteReplayStore::run() {
    while (!m_mailbox.closed()) {
        for (const std::function<void()>& task : m_mailbox.wait()) task();
        writeChanges();
    }
    for (const std::function<void()>& task : m_mailbox.take()) task();
    writeChanges();
}

bool SqliteReplayStore::open() {
    if (m_file) return true;
    if (Clock::now() < m_openAt) return false;
    auto opened = ReplayFile::open(m_parts.file, m_parts.files, m_parts.limits);
    if (!opened && opened.error().code == ErrorCode::Corrupt && setBrokenAside(opened.error()))
        opened = ReplayFile::open(m_parts.file, m_parts.files, m_parts.limits);
    if (!opened) {
        m_openAt = Clock::now() + m_parts.openEvery;
        warnOnce(opened.error());
        return false;
    }
    m_file = std::move(*opened);
    return true;
}

SqliteReplayStore::Record SqliteReplayStore::look(const std::string& key) {
    writeChanges();
    if (!open()) return nullptr;
    auto found = m_file->read(key);
    if (!found) {
        failed(found.error());
        return nullptr;
    }
    const Record record = *found ? std::make_shared<const ReplayRecord>(std::move(**found)) : nullptr;
    // Somebody may have put it meanwhile. Hour 0: the disk is told of the use.
    return m_memory.with([&](ReplayMemory& memory) {
        if (const ReplayMemory::Entry* newer = memory.find(key)) return newer->record;
        memory.put(key, {record, 0});
        return record;
    });
}

void SqliteReplayStore::writeChanges() {
    if (m_changes.empty()) return;
    const std::vector<ReplayChange> changes = std::exchange(m_changes, {});
    for (auto first = changes.begin(); first != changes.end();) {
        auto last = first;
        for (std::size_t bytes = 0; last != changes.end() && bytes < kBytesAWrite; ++last) bytes += queuedBytes(*last);
        write({first, last});
        for (; first != last; ++first) m_queuedBytes -= queuedBytes(*first);
    }
}

void SqliteReplayStore::write(std::span<const ReplayChange> changes) {
    if (!open()) return;
    if (auto written = m_file->write(changes); !written) return failed(written.error());
    m_warned = false;
}

void SqliteReplayStore::failed(const Error& error) {
    if (error.code != ErrorCode::Corrupt) return warnOnce(error);
    m_file.reset();
    if (!setBrokenAside(error)) m_openAt = Clock::now() + m_parts.openEvery;
}

bool SqliteReplayStore::setBrokenAside(const Error& error) {
    const auto aside = setAside(m_parts.file, m_parts.files != nullptr ? *m_parts.files : base::realFileSystem());
    if (aside)
        base::logWarning(error.message + ": the remembered answers were set aside as " + m_parts.file.filename().string() +
                         ".broken; conversations go on, some with longer first waits");
    else
        warnOnce(aside.error());
    return aside.ok();
}

void SqliteReplayStore::warnOnce(const Error& error) {
    if (!std::exchange(m_warned, true)) base::logWarning("answers can be remembered only until Larder ends: " + error.message);
}

}  // namespace larder::records
