// The cold tier's memory between runs: one row a block and a few words about the models, in SQLite (docs/kv_format.md has the
// schema). A row carries a checksum of its own, so that a flipped bit loses a row and never lies; what is lost here is found
// again in the files. One thread at a time; every verb blocks on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/base/sqlite.h"
#include "engine/error.h"
#include "engine/kv/cold_catalog.h"

namespace larder::kv {

struct ColdRow {
    ColdEntry entry;      // all but links, lost, staged and changed
    BlockKey parent;
};

struct ColdModelRow {
    std::uint16_t number = 0;
    base::Hash128 identity;
    std::string name;
};

struct ColdIndexContents {
    std::vector<ColdModelRow> models;
    std::map<std::int64_t, std::uint64_t> writtenByDay;  // days since 1970
    std::uint64_t badRows = 0;                           // left out
};

// One transaction.
struct ColdIndexChanges {
    std::vector<ColdRow> rows;         // new, or in place of the one with the same key
    std::vector<BlockKey> gone;        // before rows are written
    std::vector<ColdModelRow> models;
    std::map<std::int64_t, std::uint64_t> writtenByDay;
    bool empty() const { return rows.empty() && gone.empty() && models.empty() && writtenByDay.empty(); }
};

class ColdIndex {
public:
    // Opens or makes it. Corrupt: it has to be made anew, see discard().
    static Expected<std::unique_ptr<ColdIndex>> open(const std::filesystem::path& file, base::FileSystem& files);
    // Removes the database and what belongs to it.
    static Expected<void> discard(const std::filesystem::path& file, base::FileSystem& files);

    // Hands out every good row, in no order; the result is everything else.
    Expected<ColdIndexContents> load(const std::function<void(const ColdRow&)>& row);
    Expected<void> write(const ColdIndexChanges& changes);
    Expected<void> checkpoint();       // gives back what rows that are gone took, and empties the WAL
    std::uint64_t diskBytes() const { return m_database->diskBytes(); }

private:
    explicit ColdIndex(std::unique_ptr<base::SqliteDatabase> database) : m_database(std::move(database)) {}
    Expected<void> prepare();
    Expected<void> loadModels(ColdIndexContents& contents);

    std::unique_ptr<base::SqliteDatabase> m_database;
    std::unique_ptr<base::SqliteStatement> m_insertRow;
    std::unique_ptr<base::SqliteStatement> m_deleteRow;
    std::unique_ptr<base::SqliteStatement> m_insertModel;
    std::unique_ptr<base::SqliteStatement> m_insertDay;
};

}  // namespace larder::kv
