// A SQLite database: one connection in WAL mode, prepared statements, transactions. The one file that knows sqlite3.h.
// One thread at a time. Files go through a FileSystem where one is given (an SQLite VFS of our own, without shared memory:
// the connection holds the database alone), else through SQLite's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/file_system.h"
#include "engine/error.h"

namespace larder::base {

class SqliteStatement;

class SqliteDatabase {
public:
    // Makes the file (mode 0600) when there is none. Corrupt when it is no database (or a broken one as far as opening shows).
    // Unavailable, here and later, when another process writes for more than a second (without a FileSystem only).
    // synchronous: NORMAL (a power cut loses the last transactions, never the rest). files outlives the database.
    static Expected<std::unique_ptr<SqliteDatabase>> open(const std::filesystem::path& path, FileSystem* files = nullptr);
    ~SqliteDatabase();
    SqliteDatabase(const SqliteDatabase&) = delete;
    SqliteDatabase& operator=(const SqliteDatabase&) = delete;

    Expected<void> run(const std::string& sql);  // one or more statements without results
    Expected<std::unique_ptr<SqliteStatement>> prepare(const std::string& sql);

    Expected<void> checkpoint();                 // moves the WAL into the database and empties it
    std::uint64_t diskBytes() const;             // database and WAL
    std::int64_t changedRows() const;            // by the last statement

private:
    friend class SqliteStatement;
    struct Inner;
    explicit SqliteDatabase(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> m_inner;
};

// BEGIN IMMEDIATE; rolled back by the destructor unless commit() succeeded.
class SqliteTransaction {
public:
    static Expected<SqliteTransaction> begin(SqliteDatabase& database);
    ~SqliteTransaction();
    SqliteTransaction(SqliteTransaction&& other) noexcept;
    SqliteTransaction& operator=(SqliteTransaction&&) = delete;
    Expected<void> commit();

private:
    explicit SqliteTransaction(SqliteDatabase& database) : m_database(&database) {}
    SqliteDatabase* m_database;
};

// A prepared statement. Dies before its database. Parameters count from 1, columns from 0. REQUIRES of bind() that no row is
// there: reset() comes first.
class SqliteStatement {
public:
    ~SqliteStatement();
    SqliteStatement(const SqliteStatement&) = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;

    SqliteStatement& bind(int parameter, std::int64_t value);
    SqliteStatement& bind(int parameter, double value);
    SqliteStatement& bind(int parameter, std::string_view text);               // copied
    SqliteStatement& bind(int parameter, std::span<const std::byte> blob);     // copied

    // True: a row is there; false: done, and ready to run again. An Error also for a bind that failed.
    Expected<bool> step();
    void reset();                // ready to run again; parameters stay
    Expected<void> execute();    // step() to the end, then reset()

    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string text(int column) const;
    std::span<const std::byte> blob(int column) const;  // valid until the next step() or reset()

private:
    friend class SqliteDatabase;
    struct Inner;
    explicit SqliteStatement(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::base
