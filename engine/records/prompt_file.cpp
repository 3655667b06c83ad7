#include "engine/records/prompt_file.h"

#include <algorithm>
#include <cstring>

#include "engine/base/hash.h"

namespace larder::records {
namespace {

constexpr std::int64_t kPromptFormat = 1;
constexpr std::int64_t kPromptShareToRemove = 32;  // at once

// A row is written anew by each change, so ids are in the order of writing.
constexpr const char* kPromptTables =
    "CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, clean INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS prompts (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, number INTEGER NOT NULL, model TEXT NOT NULL,"
    " content INTEGER NOT NULL, piece INTEGER NOT NULL, rest BLOB NOT NULL, ends BLOB NOT NULL, state INTEGER NOT NULL,"
    " computed INTEGER NOT NULL, kept INTEGER NOT NULL, disk INTEGER NOT NULL, checksum INTEGER NOT NULL, UNIQUE (run, number));"
    "CREATE INDEX IF NOT EXISTS prompts_by_piece ON prompts (piece)";

constexpr const char* kColumns = "id, run, number, model, content, piece, rest, ends, state, computed, kept, disk, checksum";

template <class T>
std::vector<T> listOf(std::span<const std::byte> bytes) {
    std::vector<T> list(bytes.size() / sizeof(T));
    if (!list.empty()) std::memcpy(list.data(), bytes.data(), list.size() * sizeof(T));
    return list;
}

}  // namespace

struct PromptFile::Row {
    std::int64_t id = 0;
    std::int64_t run = 0;
    std::int64_t number = 0;
    std::string model;
    std::int64_t content = 0;
    PieceId piece = 0;
    std::vector<TokenId> rest;         // behind the last whole piece
    std::vector<std::uint32_t> ends;
    std::int64_t state = 0;
    std::int64_t computed = 0;
    std::int64_t kept = 0;
    std::int64_t diskWasOn = 0;

    // SQLite notices no change within a row, and a wrong token would explain what never was.
    std::int64_t checksum() const {
        base::Hasher128 hasher;
        const std::int64_t numbers[] = {run, number, content, piece, state, computed, kept, diskWasOn,
                                        static_cast<std::int64_t>(rest.size()), static_cast<std::int64_t>(ends.size())};
        hasher.add(std::as_bytes(std::span(numbers)));
        hasher.add(std::as_bytes(std::span(rest)));
        hasher.add(std::as_bytes(std::span(ends)));
        hasher.add(model);
        return static_cast<std::int64_t>(hasher.value().low);
    }
    // Nothing: its checksum is wrong.
    static std::optional<Row> of(const base::SqliteStatement& from) {
        Row row;
        row.id = from.integer(0);
        row.run = from.integer(1);
        row.number = from.integer(2);
        row.model = from.text(3);
        row.content = from.integer(4);
        row.piece = from.integer(5);
        row.rest = listOf<TokenId>(from.blob(6));
        row.ends = listOf<std::uint32_t>(from.blob(7));
        row.state = from.integer(8);
        row.computed = from.integer(9);
        row.kept = from.integer(10);
        row.diskWasOn = from.integer(11);
        return from.integer(12) == row.checksum() ? std::optional(std::move(row)) : std::nullopt;
    }
};

Expected<std::unique_ptr<PromptFile>> PromptFile::open(const std::filesystem::path& path, base::FileSystem* files,
                                                       const PromptLimits& limits, std::int64_t afterRun) {
    auto database = base::SqliteDatabase::open(path, files);
    if (!database) return database.error();
    std::unique_ptr<PromptFile> file(new PromptFile(std::move(*database), limits));
    const auto format = file->number("PRAGMA user_version");
    if (!format) return format.error();
    if (*format > kPromptFormat) return Error{ErrorCode::Unsupported, path.string() + " is from a newer Larder"};
    if (auto ready = file->prepare(); !ready) return ready.error();
    if (auto begun = file->beginRun(afterRun); !begun) return begun.error();
    return file;
}

Expected<void> PromptFile::prepare() {
    if (auto made = m_database->run(kPromptTables); !made) return made;
    auto pieces = PromptPieces::open(*m_database);
    if (!pieces) return pieces.error();
    m_pieces = std::move(*pieces);
    if (auto marked = m_database->run("PRAGMA user_version = " + std::to_string(kPromptFormat)); !marked) return marked;
    auto read = m_database->prepare(std::string("SELECT ") + kColumns + " FROM prompts WHERE run = ? AND number = ?");
    if (!read) return read.error();
    m_read = std::move(*read);
    return recount();
}

Expected<void> PromptFile::beginRun(std::int64_t afterRun) {
    if (auto removed = m_database->run("DELETE FROM runs WHERE id NOT IN (SELECT run FROM prompts)"); !removed) return removed;
    const auto run = number("INSERT INTO runs (id, clean) VALUES (1 + max(" + std::to_string(afterRun) +
                            ", (SELECT coalesce(max(id), 0) FROM runs)), 0) RETURNING id");
    if (!run) return run.error();
    m_run = *run;
    return {};
}

Expected<void> PromptFile::endCleanly() { return m_database->run("UPDATE runs SET clean = 1 WHERE id = " + std::to_string(m_run)); }

Expected<std::int64_t> PromptFile::number(const std::string& sql) {
    auto query = m_database->prepare(sql);
    if (!query) return query.error();
    const auto row = (*query)->step();
    if (!row) return row.error();
    const std::int64_t first = *row ? (*query)->integer(0) : 0;
    if (*row)
        if (const auto done = (*query)->step(); !done) return done.error();
    return first;
}

Expected<void> PromptFile::recount() {
    const auto prompts = number("SELECT count(*) FROM prompts");
    if (!prompts) return prompts.error();
    m_prompts = *prompts;
    return {};
}

Expected<std::vector<StoredPrompt>> PromptFile::load(std::size_t mostBytes) {
    auto query = m_database->prepare(std::string("SELECT ") + kColumns + ", (SELECT clean FROM runs WHERE runs.id = run) FROM prompts"
                                                                         " WHERE run <> ? ORDER BY prompts.id DESC");
    if (!query) return query.error();
    base::SqliteStatement& rows = (*query)->bind(1, m_run);
    std::vector<StoredPrompt> prompts;
    std::size_t bytes = 0;
    for (;;) {
        const auto there = rows.step();
        if (!there) return there.error();
        if (!*there) break;
        auto row = Row::of(rows);
        if (!row) continue;
        StoredPrompt prompt;
        if (!row->ends.empty()) prompt.ids.reserve(row->ends.back());
        const auto whole = m_pieces->read(row->piece, prompt.ids);
        if (!whole) return whole.error();
        if (!*whole) continue;
        prompt.ids.insert(prompt.ids.end(), row->rest.begin(), row->rest.end());
        bytes += prompt.ids.size() * sizeof(TokenId);
        if (bytes > mostBytes) break;
        prompt.key = {row->run, static_cast<std::uint64_t>(row->number)};
        prompt.model = std::move(row->model);
        prompt.content = static_cast<std::uint64_t>(row->content);
        prompt.ends = std::move(row->ends);
        prompt.state = static_cast<PromptState>(row->state);
        prompt.computedTokens = static_cast<std::size_t>(row->computed);
        prompt.keptTokens = static_cast<std::size_t>(row->kept);
        prompt.diskWasOn = row->diskWasOn != 0;
        prompt.endedCleanly = rows.integer(13) != 0;
        prompts.push_back(std::move(prompt));
    }
    std::reverse(prompts.begin(), prompts.end());
    return prompts;
}

Expected<void> PromptFile::write(std::span<const PromptChange> changes) {
    const auto all = [&]() -> Expected<void> {
        auto transaction = base::SqliteTransaction::begin(*m_database);
        if (!transaction) return transaction.error();
        for (const PromptChange& each : changes)
            if (auto done = std::visit([this](const auto& one) { return change(one); }, each); !done) return done;
        return transaction->commit();
    };
    auto done = all();
    if (!done) (void)recount();  // or at the next failure
    return done;
}

Expected<void> PromptFile::clear(const std::string& model) {
    const auto all = [&]() -> Expected<void> {
        auto transaction = base::SqliteTransaction::begin(*m_database);
        if (!transaction) return transaction.error();
        auto query = m_database->prepare("SELECT id FROM prompts WHERE model = ?");
        if (!query) return query.error();
        const auto ids = list((*query)->bind(1, std::string_view(model)));
        if (!ids) return ids.error();
        for (const std::int64_t id : *ids)
            if (auto removed = removeRow(id); !removed) return removed;
        return transaction->commit();
    };
    auto done = all();
    if (!done) (void)recount();
    return done;
}

Expected<void> PromptFile::change(const PromptBegin& begin) {
    if (auto removed = remove({0, begin.number}); !removed) return removed;
    Row row;
    row.run = m_run;
    row.number = static_cast<std::int64_t>(begin.number);
    row.model = begin.model;
    row.content = static_cast<std::int64_t>(begin.content);
    row.rest = begin.ids;
    const auto piece = m_pieces->keep(0, row.rest);
    if (!piece) return piece.error();
    row.piece = *piece;
    if (auto inserted = insert(row); !inserted) return inserted;
    return trim();  // at once: what many added could not be taken from the file's length again
}

Expected<void> PromptFile::change(const PromptNote& note) {
    auto row = find({0, note.number});
    if (!row) return row.error();
    if (!*row) return {};
    (*row)->computed = static_cast<std::int64_t>(note.computedTokens);
    (*row)->kept = static_cast<std::int64_t>(note.keptTokens);
    return replace(**row);
}

Expected<void> PromptFile::change(const PromptEnd& end) {
    auto found = find(end.key);
    if (!found) return found.error();
    if (!*found) return {};
    Row row = std::move(**found);
    row.rest.insert(row.rest.end(), end.answer.begin(), end.answer.end());
    const auto piece = m_pieces->keep(row.piece, row.rest);
    if (!piece) return piece.error();
    row.piece = *piece;
    row.ends = end.ends;
    row.state = static_cast<std::int64_t>(end.state);
    row.computed = static_cast<std::int64_t>(end.computedTokens);
    row.kept = static_cast<std::int64_t>(end.keptTokens);
    row.diskWasOn = end.diskWasOn ? 1 : 0;
    if (auto replaced = replace(row); !replaced) return replaced;
    for (const PromptKey& each : end.contained)
        if (auto removed = remove(each); !removed) return removed;
    return trim();
}

// One whose checksum is wrong is not there.
Expected<std::optional<PromptFile::Row>> PromptFile::find(const PromptKey& key) {
    m_read->reset();
    const auto there = m_read->bind(1, runOf(key)).bind(2, static_cast<std::int64_t>(key.number)).step();
    if (!there) return there.error();
    std::optional<Row> row = *there ? Row::of(*m_read) : std::nullopt;
    m_read->reset();  // an open row would keep the WAL from shrinking
    return row;
}

Expected<void> PromptFile::insert(const Row& row) {
    auto insert = m_database->prepare("INSERT INTO prompts (run, number, model, content, piece, rest, ends, state, computed, kept, disk, checksum)"
                                      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    if (!insert) return insert.error();
    (*insert)->bind(1, row.run).bind(2, row.number).bind(3, std::string_view(row.model)).bind(4, row.content).bind(5, row.piece);
    (*insert)->bind(6, std::as_bytes(std::span(row.rest))).bind(7, std::as_bytes(std::span(row.ends))).bind(8, row.state);
    (*insert)->bind(9, row.computed).bind(10, row.kept).bind(11, row.diskWasOn).bind(12, row.checksum());
    if (auto inserted = (*insert)->execute(); !inserted) return inserted;
    ++m_prompts;
    return {};
}

// A run that has no prompts any more is forgotten at the next start, so one of an earlier run stays of that run.
Expected<void> PromptFile::replace(const Row& row) {
    const auto pieceBefore = number("SELECT piece FROM prompts WHERE id = " + std::to_string(row.id));
    if (!pieceBefore) return pieceBefore.error();
    if (auto removed = m_database->run("DELETE FROM prompts WHERE id = " + std::to_string(row.id)); !removed) return removed;
    m_prompts -= m_database->changedRows();
    if (auto inserted = insert(row); !inserted) return inserted;
    return m_pieces->drop(*pieceBefore);
}

Expected<void> PromptFile::removeRow(std::int64_t id) {
    const auto piece = number("SELECT piece FROM prompts WHERE id = " + std::to_string(id));
    if (!piece) return piece.error();
    if (auto removed = m_database->run("DELETE FROM prompts WHERE id = " + std::to_string(id)); !removed) return removed;
    m_prompts -= m_database->changedRows();
    return m_pieces->drop(*piece);
}

Expected<void> PromptFile::remove(const PromptKey& key) {
    const auto id = number("SELECT id FROM prompts WHERE run = " + std::to_string(runOf(key)) +
                           " AND number = " + std::to_string(static_cast<std::int64_t>(key.number)));
    if (!id) return id.error();
    return *id == 0 ? Expected<void>() : removeRow(*id);
}

Expected<std::vector<std::int64_t>> PromptFile::list(base::SqliteStatement& query) {
    std::vector<std::int64_t> numbers;
    for (;;) {
        const auto row = query.step();
        if (!row) return row.error();
        if (!*row) return numbers;
        numbers.push_back(query.integer(0));
    }
}

// Pages that became free are used again, so the file stays as long as it once was.
Expected<void> PromptFile::trim() {
    const auto bytes = static_cast<std::int64_t>(m_limits.diskBytes);
    for (;;) {
        const auto used = number("SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size");
        if (!used) return used.error();
        if (m_prompts == 0 || (m_prompts <= m_limits.prompts && *used <= bytes)) return {};
        auto query = m_database->prepare("SELECT id FROM prompts ORDER BY id LIMIT ?");
        if (!query) return query.error();
        const std::int64_t count = std::max(m_prompts / kPromptShareToRemove, std::max<std::int64_t>(1, m_prompts - m_limits.prompts));
        const auto oldest = list((*query)->bind(1, count));
        if (!oldest) return oldest.error();
        if (oldest->empty()) return recount();
        for (const std::int64_t id : *oldest)
            if (auto removed = removeRow(id); !removed) return removed;
    }
}

}  // namespace larder::records
