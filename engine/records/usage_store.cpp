#include "engine/records/usage_store.h"

#include <algorithm>
#include <utility>

namespace larder::records {
namespace {

constexpr std::int64_t kMsPerHour = 3'600'000;
constexpr std::int64_t kFormat = 1;

std::string columnList(const std::string& before, const std::string& after, const std::string& between = ", ") {
    std::string list;
    for (const char* column : kFigureColumns) list += (list.empty() ? "" : between) + before + column + after;
    return list;
}

std::string tablesSql() {
    return "CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
           "CREATE TABLE IF NOT EXISTS hours (hour INTEGER NOT NULL, model TEXT NOT NULL, " + columnList("", " INTEGER NOT NULL") +
           ", PRIMARY KEY (hour, model)) WITHOUT ROWID;"
           "CREATE TABLE IF NOT EXISTS older (model TEXT PRIMARY KEY, " + columnList("", " INTEGER NOT NULL") + ") WITHOUT ROWID;";
}

// Adds to the columns of a row that is there already.
std::string addingSql() {
    std::string changes;
    for (const std::string column : kFigureColumns)
        changes += (changes.empty() ? "" : ", ") + column + " = " + column + " + excluded." + column;
    return " DO UPDATE SET " + changes;
}

std::string parameters(std::size_t count) {
    std::string list = "?";
    for (std::size_t i = 1; i < count; ++i) list += ", ?";
    return list;
}

void bindFigures(base::SqliteStatement& statement, int first, const UsageFigures& figures) {
    for (const std::int64_t figure : figures) statement.bind(first++, figure);
}

UsageFigures figuresAt(const base::SqliteStatement& statement, int first) {
    UsageFigures figures{};
    for (std::int64_t& figure : figures) figure = statement.integer(first++);
    return figures;
}

}  // namespace

std::int64_t unixHourOf(std::int64_t unixMs) {
    // Downwards, also before 1970.
    return unixMs >= 0 ? unixMs / kMsPerHour : -((-unixMs + kMsPerHour - 1) / kMsPerHour);
}

Expected<std::unique_ptr<UsageStore>> UsageStore::open(const std::filesystem::path& file, base::FileSystem* files) {
    auto database = base::SqliteDatabase::open(file, files);
    if (!database) return database.error();
    std::unique_ptr<UsageStore> store(new UsageStore(std::move(*database)));
    if (auto ready = store->prepareTables(); !ready) return ready.error();
    const auto format = store->number("format");
    if (!format) return format.error();
    if (*format > kFormat) return Error{ErrorCode::Unsupported, file.string() + " is from a newer Larder"};
    if (*format == 0)
        if (auto written = store->setNumber("format", kFormat); !written) return written.error();
    return store;
}

Expected<void> UsageStore::prepareTables() { return m_database->run(tablesSql()); }

Expected<std::int64_t> UsageStore::number(const char* name) {
    auto query = m_database->prepare("SELECT value FROM numbers WHERE name = ?");
    if (!query) return query.error();
    const auto row = (*query)->bind(1, std::string_view(name)).step();
    if (!row) return row.error();
    return *row ? (*query)->integer(0) : 0;
}

Expected<void> UsageStore::setNumber(const char* name, std::int64_t value) {
    auto change = m_database->prepare("INSERT INTO numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    if (!change) return change.error();
    return (*change)->bind(1, std::string_view(name)).bind(2, value).execute();
}

Expected<std::int64_t> UsageStore::writes() { return number("writes"); }

Expected<void> UsageStore::add(std::int64_t unixMs, const FiguresByModel& figures) {
    auto transaction = base::SqliteTransaction::begin(*m_database);
    if (!transaction) return transaction.error();
    const auto before = writes();
    if (!before) return before.error();
    const auto since = number("since_unix_ms");
    if (!since) return since.error();
    if (*since == 0)
        if (auto noted = setNumber("since_unix_ms", unixMs); !noted) return noted;
    auto row = m_database->prepare("INSERT INTO hours VALUES (" + parameters(2 + kFigureColumns.size()) + ") ON CONFLICT (hour, model)" +
                                   addingSql());
    if (!row) return row.error();
    for (const auto& [model, more] : figures) {
        (*row)->bind(1, unixHourOf(unixMs)).bind(2, std::string_view(model));
        bindFigures(**row, 3, more);
        if (auto written = (*row)->execute(); !written) return written;
    }
    if (auto counted = setNumber("writes", *before + 1); !counted) return counted;
    return transaction->commit();
}

Expected<UsageTotals> UsageStore::totals() {
    const std::string columns = columnList("", "");
    auto query = m_database->prepare("SELECT model, " + columnList("SUM(", ")") + " FROM (SELECT model, " + columns +
                                     " FROM hours UNION ALL SELECT model, " + columns + " FROM older) GROUP BY model ORDER BY model");
    if (!query) return query.error();
    std::vector<ModelUsage> models;
    for (;;) {
        const auto row = (*query)->step();
        if (!row) return row.error();
        if (!*row) break;
        models.push_back({(*query)->text(0), countersOf(figuresAt(**query, 1)), {}});
    }
    const auto since = number("since_unix_ms");
    if (!since) return since.error();
    UsageTotals totals;
    totals.sinceUnixMs = *since;
    return addUsage(std::move(totals), models);
}

Expected<std::vector<UsageHour>> UsageStore::hours(std::int64_t first, std::int64_t last) {
    auto query = m_database->prepare("SELECT hour, model, " + columnList("", "") +
                                     " FROM hours WHERE hour BETWEEN ? AND ? ORDER BY hour, model");
    if (!query) return query.error();
    (*query)->bind(1, first).bind(2, last);
    std::vector<UsageHour> hours;
    for (;;) {
        const auto row = (*query)->step();
        if (!row) return row.error();
        if (!*row) return hours;
        hours.push_back({(*query)->integer(0), (*query)->text(1), countersOf(figuresAt(**query, 2))});
    }
}

Expected<void> UsageStore::foldBefore(std::int64_t hour) {
    auto transaction = base::SqliteTransaction::begin(*m_database);
    if (!transaction) return transaction.error();
    auto fold = m_database->prepare("INSERT INTO older SELECT model, " + columnList("SUM(", ")") +
                                    " FROM hours WHERE hour < ? GROUP BY model ON CONFLICT (model)" + addingSql());
    if (!fold) return fold.error();
    if (auto folded = (*fold)->bind(1, hour).execute(); !folded) return folded;
    auto remove = m_database->prepare("DELETE FROM hours WHERE hour < ?");
    if (!remove) return remove.error();
    if (auto removed = (*remove)->bind(1, hour).execute(); !removed) return removed;
    return transaction->commit();
}

Expected<void> UsageStore::seed(const UsageTotals& totals) {
    auto transaction = base::SqliteTransaction::begin(*m_database);
    if (!transaction) return transaction.error();
    auto row = m_database->prepare("INSERT OR IGNORE INTO older VALUES (" + parameters(1 + kFigureColumns.size()) + ")");
    if (!row) return row.error();
    for (const ModelUsage& model : totals.models) {
        (*row)->bind(1, std::string_view(model.model));
        bindFigures(**row, 2, figuresOf(model.counters));
        if (auto written = (*row)->execute(); !written) return written;
    }
    if (auto noted = setNumber("since_unix_ms", totals.sinceUnixMs); !noted) return noted;
    return transaction->commit();
}

}  // namespace larder::records
