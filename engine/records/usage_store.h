// usage.sqlite3: what each model was asked in each hour (UTC), for 400 days, and what is older as one row a model, so that the
// totals of all time never shrink. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/base/sqlite.h"
#include "engine/error.h"
#include "engine/records/usage_figures.h"
#include "engine/usage.h"

namespace larder::records {

using FiguresByModel = std::map<std::string, UsageFigures>;

std::int64_t unixHourOf(std::int64_t unixMs);

class UsageStore {
public:
    // Makes the file when there is none. Corrupt: broken; Unsupported: a newer Larder wrote it. files: null for SQLite's own.
    static Expected<std::unique_ptr<UsageStore>> open(const std::filesystem::path& file, base::FileSystem* files);

    // All or nothing: adds these to the rows of the hour.
    Expected<void> add(std::int64_t unixMs, const FiguresByModel& figures);
    // How many add()s it holds: tells whether one that seemed to fail has come through all the same.
    Expected<std::int64_t> writes();

    Expected<UsageTotals> totals();            // of all time
    Expected<std::vector<UsageHour>> hours(std::int64_t first, std::int64_t last);  // inclusive; by hour, then by model
    Expected<void> foldBefore(std::int64_t hour);  // older hours become part of the rows without an hour

    // For a file that takes the place of a broken one: what is known of its contents.
    Expected<void> seed(const UsageTotals& totals);

private:
    explicit UsageStore(std::unique_ptr<base::SqliteDatabase> database) : m_database(std::move(database)) {}
    Expected<void> prepareTables();
    Expected<std::int64_t> number(const char* name);
    Expected<void> setNumber(const char* name, std::int64_t value);

    std::unique_ptr<base::SqliteDatabase> m_database;
};

}  // namespace larder::records
