// The known prompts over restarts: prompts.sqlite3, written by a thread of its own as requests begin and end, read once at the
// start. Never fails: while the file cannot be used (one warning) nothing is written, a broken one is set aside; requests do not
// notice. What a crash loses is not known later. Any thread. The caller owns the base directory: one store a file at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "engine/error.h"
#include "engine/records/prompt_file.h"

namespace larder::records {

struct PromptStoreParts {
    std::filesystem::path file;
    base::FileSystem* files = nullptr;                // null: the disk, through SQLite's own
    PromptLimits limits = {};
    std::size_t queueBytes = 16 << 20;                // of changes not written yet; further ones never are
    std::chrono::milliseconds openEvery{10'000};      // while the file cannot be opened
};

class PromptStore {
public:
    explicit PromptStore(PromptStoreParts parts);  // does not wait for the file
    ~PromptStore();                                // writes what is left and that the server ended; joins

    // What earlier servers knew, at most so many bytes of ids, the oldest first; nothing where it cannot be read. Once, before any
    // change; take is called on the store's thread.
    void load(std::size_t mostBytes, std::function<void(std::vector<StoredPrompt>)> take);

    // Does not block.
    void change(PromptChange change);

    // Forgets what is known of this model, or all (empty name), those that run included; in the course of its thread. Does not block.
    void clear(const std::string& model);

    void flush();  // returns when everything before has been written, or given up

private:
    using Clock = std::chrono::steady_clock;

    bool post(std::function<void()> task) { return m_mailbox.post(std::move(task)); }

    // Its own thread only.
    void run();
    bool open();                   // false: not now
    std::vector<StoredPrompt> read(std::size_t mostBytes);
    void drop(const std::string& model);
    void writeChanges();
    void write(std::span<const PromptChange> changes);
    void failed(const Error& error);
    bool setBrokenAside(const Error& error);
    void warnOnce(const Error& error);
    base::FileSystem& disk() const { return m_parts.files != nullptr ? *m_parts.files : base::realFileSystem(); }

    const PromptStoreParts m_parts;
    base::Mailbox<std::function<void()>> m_mailbox;
    std::atomic<std::size_t> m_queuedBytes{0};  // in the mailbox and in m_changes
    // ---- its own thread only
    std::unique_ptr<PromptFile> m_file;         // null: cannot be used now
    std::vector<PromptChange> m_changes;
    Clock::time_point m_openAt{};               // not before
    std::int64_t m_lastRun = 0;                 // of files that were: keys of theirs mean nothing in another one
    bool m_warned = false;
    // ----
    base::Thread m_thread;                      // last: uses everything above
};

}  // namespace larder::records
