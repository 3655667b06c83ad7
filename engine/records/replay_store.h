// ReplayStore over replay.sqlite3: the latest records in RAM, all of them on the disk, written by a thread of its own as they come.
// Never fails: while the file cannot be used (one warning), the RAM alone remembers; a broken one is set aside. What a crash loses
// is a miss. Any thread. The caller owns the base directory: one store a file at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/base/guarded.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "engine/error.h"
#include "engine/records/replay_file.h"
#include "engine/records/replay_memory.h"
#include "engine/replay.h"

namespace larder::records {

struct ReplayStoreParts {
    std::filesystem::path file;
    base::FileSystem* files = nullptr;                // null: the disk, through SQLite's own
    std::function<std::int64_t()> unixMs = {};        // empty: the system's
    ReplayLimits limits = {};
    std::size_t memoryBytes = 16 << 20;               // of records in RAM
    std::size_t queueBytes = 16 << 20;                // of records not written yet; further ones never are
    std::chrono::milliseconds patience{250};          // with the disk, in find()
    std::chrono::milliseconds openEvery{10'000};      // while the file cannot be opened
};

class SqliteReplayStore final : public ReplayStore {
public:
    explicit SqliteReplayStore(ReplayStoreParts parts);  // does not wait for the file
    ~SqliteReplayStore() override;                       // writes what is left; joins

    // A disk that does not answer in time is not asked again until it has.
    std::optional<ReplayRecord> find(const std::string& key) override;
    void put(const std::string& key, ReplayRecord record) override;

    // Forgets all of it: in RAM at once, on the disk in the course of its thread. Does not block.
    void clear();

    void flush();  // returns when all that was put has been written, or given up

private:
    using Clock = std::chrono::steady_clock;
    using Record = std::shared_ptr<const ReplayRecord>;

    void run();
    bool post(std::function<void()> task) { return m_mailbox.post(std::move(task)); }
    std::int64_t hour() const { return m_parts.unixMs() / 3'600'000; }
    void change(ReplayChange change);
    std::optional<ReplayMemory::Entry> known(const std::string& key);
    Record ask(const std::string& key);

    // Its own thread only.
    bool open();                   // false: not now
    Record look(const std::string& key);
    void removeFile();
    void writeChanges();
    void write(std::span<const ReplayChange> changes);
    void failed(const Error& error);
    bool setBrokenAside(const Error& error);
    void warnOnce(const Error& error);

    ReplayStoreParts m_parts;
    base::Guarded<ReplayMemory> m_memory;
    base::Mailbox<std::function<void()>> m_mailbox;
    std::atomic<std::size_t> m_queuedBytes{0};  // in the mailbox and in m_changes
    std::atomic<bool> m_late{false};            // somebody gave up waiting for an answer that is still to come
    // ---- its own thread only
    std::unique_ptr<ReplayFile> m_file;         // null: cannot be used now
    std::vector<ReplayChange> m_changes;
    Clock::time_point m_openAt{};               // not before
    bool m_warned = false;
    // ----
    base::Thread m_thread;                      // last: uses everything above
};

}  // namespace larder::records
