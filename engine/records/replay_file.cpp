#include "engine/records/replay_file.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "engine/base/hash.h"

namespace larder::records {
namespace {

constexpr std::int64_t kReplayFormat = 1;
constexpr std::uint64_t kWalBytes = 8 << 20;  // what SQLite may keep beside the database
constexpr std::int64_t kShareToRemove = 32;   // at once

constexpr const char* kTables =
    "CREATE TABLE IF NOT EXISTS answers (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, used INTEGER NOT NULL,"
    " message TEXT NOT NULL, tokens BLOB NOT NULL, prompt_bytes INTEGER NOT NULL, prompt_low INTEGER NOT NULL,"
    " prompt_high INTEGER NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS answers_by_use ON answers (used, id)";

std::span<const std::byte> bytesOf(const std::string& text) { return std::as_bytes(std::span(text)); }

// SQLite notices no change within a row, and a wrong token would change answers.
std::int64_t checksumOf(const std::string& key, const ReplayRecord& record) {
    base::Hasher128 hasher;
    const std::uint64_t numbers[] = {key.size(), record.message.size(), record.promptBytes, record.promptHash[0], record.promptHash[1]};
    hasher.add(std::as_bytes(std::span(numbers)));
    hasher.add(key);
    hasher.add(record.message);
    hasher.add(std::as_bytes(std::span(record.tokens)));
    return static_cast<std::int64_t>(hasher.value().low);
}

}  // namespace

Expected<std::unique_ptr<ReplayFile>> ReplayFile::open(const std::filesystem::path& path, base::FileSystem* files,
                                                       const ReplayLimits& limits) {
    auto database = base::SqliteDatabase::open(path, files);
    if (!database) return database.error();
    std::unique_ptr<ReplayFile> file(new ReplayFile(std::move(*database), limits));
    const auto format = file->number("PRAGMA user_version");
    if (!format) return format.error();
    if (*format > kReplayFormat) return Error{ErrorCode::Unsupported, path.string() + " is from a newer Larder"};
    if (auto ready = file->prepare(); !ready) return ready.error();
    return file;
}

Expected<void> ReplayFile::prepare() {
    if (auto made = m_database->run(kTables); !made) return made;
    if (auto marked = m_database->run("PRAGMA user_version = " + std::to_string(kReplayFormat)); !marked) return marked;
    auto read = m_database->prepare("SELECT message, tokens, prompt_bytes, prompt_low, prompt_high, checksum FROM answers WHERE key = ?");
    if (!read) return read.error();
    m_read = std::move(*read);
    const auto latest = number("SELECT max(used) FROM answers");
    if (!latest) return latest.error();
    m_hour = *latest;
    return recount();
}

Expected<std::int64_t> ReplayFile::number(const std::string& sql) {
    auto query = m_database->prepare(sql);
    if (!query) return query.error();
    const auto row = (*query)->step();
    if (!row) return row.error();
    return *row ? (*query)->integer(0) : 0;
}

Expected<void> ReplayFile::recount() {
    const auto records = number("SELECT count(*) FROM answers");
    if (!records) return records.error();
    m_records = *records;
    return {};
}

Expected<std::optional<ReplayRecord>> ReplayFile::read(const std::string& key) {
    m_read->reset();
    const auto row = m_read->bind(1, bytesOf(key)).step();
    if (!row) return row.error();
    if (!*row) return std::optional<ReplayRecord>();
    ReplayRecord record;
    record.message = m_read->text(0);
    const std::span<const std::byte> tokens = m_read->blob(1);
    record.tokens.resize(tokens.size() / sizeof(TokenId));
    if (!record.tokens.empty()) std::memcpy(record.tokens.data(), tokens.data(), record.tokens.size() * sizeof(TokenId));
    record.promptBytes = static_cast<std::uint64_t>(m_read->integer(2));
    record.promptHash = {static_cast<std::uint64_t>(m_read->integer(3)), static_cast<std::uint64_t>(m_read->integer(4))};
    const bool whole = m_read->integer(5) == checksumOf(key, record);
    m_read->reset();  // an open row would keep the WAL from shrinking
    return whole ? std::optional(std::move(record)) : std::nullopt;
}

Expected<void> ReplayFile::write(std::span<const ReplayChange> changes) {
    const auto all = [&]() -> Expected<void> {
        auto transaction = base::SqliteTransaction::begin(*m_database);
        if (!transaction) return transaction.error();
        for (const ReplayChange& change : changes) {
            m_hour = std::max(m_hour, change.hour);
            if (auto done = change.record ? put(change.key, *change.record) : use(change.key); !done) return done;
        }
        return transaction->commit();
    };
    auto done = all();
    if (!done) (void)recount();  // or at the next failure
    return done;
}

// A new row instead of a changed one: ids are in the order of writing.
Expected<void> ReplayFile::put(const std::string& key, const ReplayRecord& record) {
    auto remove = m_database->prepare("DELETE FROM answers WHERE key = ?");
    if (!remove) return remove.error();
    if (auto removed = (*remove)->bind(1, bytesOf(key)).execute(); !removed) return removed;
    m_records -= m_database->changedRows();
    auto insert = m_database->prepare(
        "INSERT INTO answers (key, used, message, tokens, prompt_bytes, prompt_low, prompt_high, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    if (!insert) return insert.error();
    (*insert)->bind(1, bytesOf(key)).bind(2, m_hour).bind(3, std::string_view(record.message));
    (*insert)->bind(4, std::as_bytes(std::span(record.tokens))).bind(5, static_cast<std::int64_t>(record.promptBytes));
    (*insert)->bind(6, static_cast<std::int64_t>(record.promptHash[0])).bind(7, static_cast<std::int64_t>(record.promptHash[1]));
    if (auto inserted = (*insert)->bind(8, checksumOf(key, record)).execute(); !inserted) return inserted;
    ++m_records;
    return trim();  // at once: what many added could not be taken from the file's length again
}

Expected<void> ReplayFile::use(const std::string& key) {
    auto update = m_database->prepare("UPDATE answers SET used = ? WHERE key = ?");
    if (!update) return update.error();
    return (*update)->bind(1, m_hour).bind(2, bytesOf(key)).execute();
}

// Pages that became free are used again, so the file stays as long as it once was.
Expected<void> ReplayFile::trim() {
    const std::uint64_t beside = std::min(kWalBytes, m_limits.diskBytes / 2);
    const std::int64_t bytes = static_cast<std::int64_t>(m_limits.diskBytes - beside);
    for (;;) {
        const auto used = number("SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size");
        if (!used) return used.error();
        if (m_records == 0 || (m_records <= m_limits.records && *used <= bytes)) return {};
        auto remove = m_database->prepare("DELETE FROM answers WHERE id IN (SELECT id FROM answers ORDER BY used, id LIMIT ?)");
        if (!remove) return remove.error();
        const std::int64_t count = std::max(m_records / kShareToRemove, std::max<std::int64_t>(1, m_records - m_limits.records));
        if (auto removed = (*remove)->bind(1, count).execute(); !removed) return removed;
        if (m_database->changedRows() == 0) return recount();
        m_records -= m_database->changedRows();
    }
}

}  // namespace larder::records
