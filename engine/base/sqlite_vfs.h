// A FileSystem as SQLite sees it (sqlite.org/vfs.html): files are read and written, not locked and not shared. Only for
// sqlite.cpp, which opens databases alone ("locking_mode = EXCLUSIVE"). One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/base/file_system.h"
#include "engine/error.h"

namespace larder::base {

class SqliteVfs {
public:
    // Registers it; files outlives it.
    explicit SqliteVfs(FileSystem& files);
    ~SqliteVfs();  // REQUIRES that no database is open through it
    SqliteVfs(const SqliteVfs&) = delete;
    SqliteVfs& operator=(const SqliteVfs&) = delete;

    const std::string& name() const;          // for sqlite3_open_v2
    // What went wrong with a file most recently, once: SQLite passes on numbers only.
    std::optional<Error> takeError();

    struct Inner;                             // what SQLite's calls come back to

private:
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::base
