// replay.sqlite3: one row an answer. Bounded: the rows that were not used for longest go. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/base/file_system.h"
#include "engine/base/sqlite.h"
#include "engine/error.h"
#include "engine/replay.h"

namespace larder::records {

struct ReplayLimits {
    std::uint64_t diskBytes = std::uint64_t{64} << 20;  // of everything the file costs; at least 1 MB
    std::int64_t records = 200'000;
};

struct ReplayChange {
    std::string key;
    std::shared_ptr<const ReplayRecord> record;  // null: only used again
    std::int64_t hour = 0;                       // when (Unix)
};

class ReplayFile {
public:
    // Makes the file when there is none. Corrupt: broken; Unsupported: a newer Larder wrote it. files: null for SQLite's own.
    static Expected<std::unique_ptr<ReplayFile>> open(const std::filesystem::path& file, base::FileSystem* files, const ReplayLimits& limits);

    // Nothing also for a row whose checksum is wrong.
    Expected<std::optional<ReplayRecord>> read(const std::string& key);
    // All or nothing; removes what is too much. At most a megabyte at a time keeps diskBytes() within the limit.
    Expected<void> write(std::span<const ReplayChange> changes);
    std::int64_t records() const { return m_records; }
    std::uint64_t diskBytes() const { return m_database->diskBytes(); }

private:
    ReplayFile(std::unique_ptr<base::SqliteDatabase> database, const ReplayLimits& limits)
        : m_database(std::move(database)), m_limits(limits) {}
    Expected<void> prepare();
    Expected<std::int64_t> number(const std::string& sql);
    Expected<void> put(const std::string& key, const ReplayRecord& record);
    Expected<void> use(const std::string& key);
    Expected<void> trim();
    Expected<void> recount();

    std::unique_ptr<base::SqliteDatabase> m_database;
    std::unique_ptr<base::SqliteStatement> m_read;
    const ReplayLimits m_limits;
    std::int64_t m_records = 0;
    std::int64_t m_hour = 0;  // the latest there was: a clock that is set back makes nothing look old
};

}  // namespace larder::records
