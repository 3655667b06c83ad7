#include "engine/base/sqlite.h"

#include <sqlite3.h>

#include <cassert>
#include <optional>
#include <system_error>
#include <utility>

#include "engine/base/file_error.h"
#include "engine/base/sqlite_vfs.h"

namespace larder::base {
namespace {

struct CloseDatabase {
    void operator()(sqlite3* database) const {
        [[maybe_unused]] const int result = sqlite3_close(database);
        assert(result == SQLITE_OK && "a statement outlives its database");
    }
};

struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

ErrorCode codeOfResult(int result) {
    switch (result & 0xFF) {
        case SQLITE_FULL: return ErrorCode::NoSpace;
        case SQLITE_CORRUPT: case SQLITE_NOTADB: return ErrorCode::Corrupt;
        case SQLITE_IOERR: case SQLITE_CANTOPEN: case SQLITE_PROTOCOL: return ErrorCode::Io;
        case SQLITE_READONLY: case SQLITE_PERM: return ErrorCode::PermissionDenied;
        case SQLITE_BUSY: case SQLITE_LOCKED: return ErrorCode::Unavailable;
        case SQLITE_NOMEM: return ErrorCode::OutOfMemory;
        case SQLITE_TOOBIG: return ErrorCode::InvalidArgument;
        default: return ErrorCode::Internal;
    }
}

bool isOfTheDisk(int result) {
    const int kind = result & 0xFF;
    return kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN || kind == SQLITE_FULL;
}

const char* textOf(const unsigned char* text) { return text == nullptr ? "" : reinterpret_cast<const char*>(text); }

}  // namespace

// The database closes before the VFS that it uses goes.
struct SqliteDatabase::Inner {
    std::filesystem::path path;
    FileSystem& files;
    std::unique_ptr<SqliteVfs> vfs;                      // null: SQLite's own
    std::unique_ptr<sqlite3, CloseDatabase> database{};

    Error errorOf(int result) {
        if (isOfTheDisk(result) && vfs)
            if (auto error = vfs->takeError()) return *error;
        if (const int number = database && isOfTheDisk(result) && !vfs ? sqlite3_system_errno(database.get()) : 0; number != 0)
            return fileError("use the database", path, number);
        const char* words = database ? sqlite3_errmsg(database.get()) : sqlite3_errstr(result);
        return {codeOfResult(result), "the database " + path.string() + ": " + words};
    }

    Expected<void> run(const char* sql) {
        const int result = sqlite3_exec(database.get(), sql, nullptr, nullptr, nullptr);
        if (result != SQLITE_OK) return errorOf(result);
        return {};
    }
};

struct SqliteStatement::Inner {
    SqliteDatabase::Inner& database;
    std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement;
    int bindResult = SQLITE_OK;  // the first that failed

    void noteBind(int result) {
        if (bindResult == SQLITE_OK) bindResult = result;
    }
};

Expected<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::filesystem::path& path, FileSystem* files) {
    constexpr int kPatienceMs = 1000;
    FileSystem& disk = files != nullptr ? *files : realFileSystem();
    // Absolute, so that SQLite never takes it for a URI.
    std::error_code ignored;
    const std::filesystem::path name = files != nullptr ? path : std::filesystem::absolute(path, ignored);
    auto inner = std::unique_ptr<Inner>(new Inner{name, disk, files != nullptr ? std::make_unique<SqliteVfs>(*files) : nullptr});
    // SQLite's own files would be readable by others.
    if (files == nullptr && !disk.exists(path))
        if (auto made = disk.open(path, OpenMode::Write); !made.ok()) return made.error();
    sqlite3* opened = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (inner->vfs ? SQLITE_OPEN_CREATE : SQLITE_OPEN_NOFOLLOW);
    const int result =
        sqlite3_open_v2(inner->path.c_str(), &opened, flags, inner->vfs ? inner->vfs->name().c_str() : nullptr);
    inner->database.reset(opened);
    if (result != SQLITE_OK) return inner->errorOf(result);
    sqlite3_busy_timeout(opened, kPatienceMs);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(std::move(inner)));
    // Alone from the first look on: then the index of the WAL is kept in RAM, and the VFS needs no shared memory.
    if (files != nullptr)
        if (auto alone = database->run("PRAGMA locking_mode = EXCLUSIVE"); !alone.ok()) return alone.error();
    if (auto set = database->run("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF"); !set.ok()) return set.error();
    auto journal = database->prepare("PRAGMA journal_mode = WAL");
    if (!journal.ok()) return journal.error();
    if (auto row = (*journal)->step(); !row.ok()) return row.error();
    if (const std::string mode = (*journal)->text(0); mode != "wal")
        return Error{ErrorCode::Io, "the database " + path.string() + ": its disk allows only journal_mode " + mode};
    journal->reset();
    // The limit: what the WAL keeps of the disk after a long transaction. The count: reads the schema, so that a broken one shows.
    auto look = database->run("PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 8388608; SELECT count(*) FROM sqlite_schema");
    if (!look.ok()) return look.error();
    return database;
}

SqliteDatabase::SqliteDatabase(std::unique_ptr<Inner> inner) : m_inner(std::move(inner)) {}
SqliteDatabase::~SqliteDatabase() = default;

Expected<void> SqliteDatabase::run(const std::string& sql) { return m_inner->run(sql.c_str()); }

Expected<std::unique_ptr<SqliteStatement>> SqliteDatabase::prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    const char* rest = nullptr;
    const int result = sqlite3_prepare_v3(m_inner->database.get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, &rest);
    if (result != SQLITE_OK) return m_inner->errorOf(result);
    assert(statement != nullptr && *rest == '\0' && "one statement");
    return std::unique_ptr<SqliteStatement>(new SqliteStatement(
        std::unique_ptr<SqliteStatement::Inner>(new SqliteStatement::Inner{*m_inner, {statement, {}}})));
}

Expected<void> SqliteDatabase::checkpoint() {
    const int result =
        sqlite3_wal_checkpoint_v2(m_inner->database.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (result != SQLITE_OK) return m_inner->errorOf(result);
    return {};
}

std::uint64_t SqliteDatabase::diskBytes() const {
    return m_inner->files.diskBytes(m_inner->path) + m_inner->files.diskBytes(m_inner->path.string() + "-wal");
}

std::int64_t SqliteDatabase::changedRows() const { return sqlite3_changes64(m_inner->database.get()); }

Expected<SqliteTransaction> SqliteTransaction::begin(SqliteDatabase& database) {
    if (auto begun = database.run("BEGIN IMMEDIATE"); !begun.ok()) return begun.error();
    return SqliteTransaction(database);
}

SqliteTransaction::SqliteTransaction(SqliteTransaction&& other) noexcept : m_database(std::exchange(other.m_database, nullptr)) {}

SqliteTransaction::~SqliteTransaction() {
    // Some failures have rolled it back already; then this one is refused.
    if (m_database != nullptr) (void)m_database->run("ROLLBACK");
}

Expected<void> SqliteTransaction::commit() {
    auto done = m_database->run("COMMIT");
    if (done.ok()) m_database = nullptr;
    return done;
}

SqliteStatement::SqliteStatement(std::unique_ptr<Inner> inner) : m_inner(std::move(inner)) {}
SqliteStatement::~SqliteStatement() = default;

SqliteStatement& SqliteStatement::bind(int parameter, std::int64_t value) {
    m_inner->noteBind(sqlite3_bind_int64(m_inner->statement.get(), parameter, value));
    return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, double value) {
    m_inner->noteBind(sqlite3_bind_double(m_inner->statement.get(), parameter, value));
    return *this;
}

// A null pointer would be NULL, not an empty text or blob.
SqliteStatement& SqliteStatement::bind(int parameter, std::string_view text) {
    m_inner->noteBind(sqlite3_bind_text64(m_inner->statement.get(), parameter, text.empty() ? "" : text.data(), text.size(),
                                          SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, std::span<const std::byte> blob) {
    const void* bytes = blob.empty() ? static_cast<const void*>("") : blob.data();
    m_inner->noteBind(sqlite3_bind_blob64(m_inner->statement.get(), parameter, bytes, blob.size(), SQLITE_TRANSIENT));
    return *this;
}

Expected<bool> SqliteStatement::step() {
    if (const int failed = std::exchange(m_inner->bindResult, SQLITE_OK); failed != SQLITE_OK) return m_inner->database.errorOf(failed);
    const int result = sqlite3_step(m_inner->statement.get());
    if (result == SQLITE_ROW) return true;
    std::optional<Error> error;
    if (result != SQLITE_DONE) error = m_inner->database.errorOf(result);
    sqlite3_reset(m_inner->statement.get());
    if (error) return *error;
    return false;
}

void SqliteStatement::reset() { sqlite3_reset(m_inner->statement.get()); }

Expected<void> SqliteStatement::execute() {
    for (;;) {
        const auto row = step();
        if (!row.ok()) return row.error();
        if (!*row) return {};
    }
}

std::int64_t SqliteStatement::integer(int column) const { return sqlite3_column_int64(m_inner->statement.get(), column); }
double SqliteStatement::real(int column) const { return sqlite3_column_double(m_inner->statement.get(), column); }

std::string SqliteStatement::text(int column) const {
    const char* text = textOf(sqlite3_column_text(m_inner->statement.get(), column));
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(m_inner->statement.get(), column))};
}

std::span<const std::byte> SqliteStatement::blob(int column) const {
    const void* bytes = sqlite3_column_blob(m_inner->statement.get(), column);
    return {static_cast<const std::byte*>(bytes), bytes == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(m_inner->statement.get(), column))};
}

}  // namespace larder::base
