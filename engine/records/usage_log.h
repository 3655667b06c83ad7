// Keeps the counters of a running server over restarts: a thread of its own adds what is new to usage.sqlite3, at most every
// ten seconds and at the end. Never fails: while the file cannot be used (one warning), numbers stay in memory; a broken one is
// set aside. The caller owns the base directory: one log a file at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/base/mailbox.h"
#include "engine/base/snapshot.h"
#include "engine/base/thread.h"
#include "engine/error.h"
#include "engine/records/usage_store.h"
#include "engine/usage.h"

namespace larder::records {

struct UsageLogParts {
    std::filesystem::path file;
    std::function<std::vector<ModelUsage>()> current;  // counters since the server started; any thread
    base::FileSystem* files = nullptr;                 // null: the disk, through SQLite's own
    std::function<std::int64_t()> unixMs = {};         // empty: the system's
    std::chrono::milliseconds writeEvery{10'000};
};

class UsageLog {
public:
    explicit UsageLog(UsageLogParts parts);  // opens the file; blocks on the disk
    ~UsageLog();                             // writes what is new; joins

    // Counters may have changed. Any thread, as often as one likes; never blocks.
    void touched();

    // All time: what was stored when the server started, and now (EngineStatus::usage) on top. The sum is exact whatever has
    // been written so far. Any thread.
    UsageTotals totals(const std::vector<ModelUsage>& now) const { return addUsage(m_before->read(), now); }
    // totals() for those who may outlive the log.
    UsageTotalsSource totalsSource() const;

    // Rows of these hours (inclusive), what is not written yet included in the present one. Any thread; blocks on the disk.
    Expected<std::vector<UsageHour>> hours(std::int64_t first, std::int64_t last);

    void flush();  // writes what is new now; any thread; blocks on the disk

private:
    using Clock = std::chrono::steady_clock;

    void run();
    bool post(std::function<void()> task) { return m_mailbox.post(std::move(task)); }
    std::int64_t now() const { return m_parts.unixMs(); }

    // Records thread only (and the constructor).
    bool open();                        // false: not now
    Expected<void> tryToOpen();
    bool write();                       // false: something is left
    FiguresByModel unwritten(const FiguresByModel& current) const;
    void settleLastTry();
    void failed(const Error& error);
    bool setBrokenAside(const Error& error);
    void warnOnce(const Error& error);
    void fold();

    UsageLogParts m_parts;
    const std::shared_ptr<base::Snapshot<UsageTotals>> m_before = std::make_shared<base::Snapshot<UsageTotals>>();
    base::Mailbox<std::function<void()>> m_mailbox;
    std::atomic<bool> m_touched{false};
    // ---- records thread only
    std::unique_ptr<UsageStore> m_store;  // null: cannot be used now
    FiguresByModel m_written;             // of the counters: these are in the file
    std::optional<FiguresByModel> m_tried;  // the counters at a write that may have come through
    std::int64_t m_writes = 0;            // the file's, as far as known
    std::optional<Clock::time_point> m_due;
    std::optional<std::int64_t> m_foldedHour;
    bool m_beforeKnown = false;
    bool m_seed = false;                  // the next file starts with what the broken one had
    bool m_warned = false;
    // ----
    base::Thread m_thread;                // last: uses everything above
};

// For those who look while no server runs. NotFound: there is no file.
Expected<UsageTotals> readTotals(const std::filesystem::path& file);
Expected<std::vector<UsageHour>> readHours(const std::filesystem::path& file, std::int64_t first, std::int64_t last);

}  // namespace larder::records
