#include "engine/kv/cold_index.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>
#include <utility>

#include "engine/base/crc32c.h"

namespace larder::kv {
namespace {

constexpr std::int64_t kSchemaVersion = 1;
constexpr std::size_t kDaysKept = 8;

constexpr const char* kSchema = R"(
CREATE TABLE models (number INTEGER PRIMARY KEY, identity BLOB NOT NULL, name TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE days (day INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
CREATE TABLE blocks (
  key BLOB PRIMARY KEY, parent BLOB NOT NULL, model INTEGER NOT NULL, kind INTEGER NOT NULL, position INTEGER NOT NULL,
  count INTEGER NOT NULL, groups INTEGER NOT NULL, bytes INTEGER NOT NULL, created INTEGER NOT NULL, last_use INTEGER NOT NULL,
  uses INTEGER NOT NULL, pinned INTEGER NOT NULL, tick INTEGER NOT NULL, prints BLOB NOT NULL, crc INTEGER NOT NULL
) WITHOUT ROWID;
)";

// What the checksum of a row covers: its numbers as eight bytes each, little-endian, in the order of the columns.
class RowSum {
public:
    void add(std::uint64_t value) { add(std::as_bytes(std::span(&value, 1))); }
    void add(std::span<const std::byte> bytes) { m_crc = base::crc32c(bytes, m_crc); }
    std::int64_t value() const { return m_crc; }

private:
    std::uint32_t m_crc = 0;
};

std::array<std::byte, 16> blobOf(const base::Hash128& hash) {
    std::array<std::byte, 16> bytes;
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<std::byte>(hash.high >> (56 - 8 * i));
        bytes[8 + i] = static_cast<std::byte>(hash.low >> (56 - 8 * i));
    }
    return bytes;
}

bool hashOf(std::span<const std::byte> bytes, base::Hash128& hash) {
    if (bytes.size() != 16) return false;
    hash = {};
    for (std::size_t i = 0; i < 8; ++i) {
        hash.high = hash.high << 8 | std::to_integer<std::uint64_t>(bytes[i]);
        hash.low = hash.low << 8 | std::to_integer<std::uint64_t>(bytes[8 + i]);
    }
    return true;
}

std::int64_t crcOfRow(const ColdRow& row) {
    const ColdEntry& entry = row.entry;
    const std::array<std::uint64_t, 11> numbers = {entry.model,    static_cast<std::uint64_t>(entry.kind), entry.position, entry.count,
                                                   entry.groups,   entry.bytes,                            entry.createdS, entry.usedS,
                                                   entry.uses,     entry.pinned ? 1u : 0u,                 entry.tick};
    std::array<std::byte, 32 + sizeof numbers + sizeof(ColdPrints)> bytes;
    const auto key = blobOf(entry.key);
    const auto parent = blobOf(row.parent);
    std::memcpy(bytes.data(), key.data(), 16);
    std::memcpy(bytes.data() + 16, parent.data(), 16);
    std::memcpy(bytes.data() + 32, numbers.data(), sizeof numbers);
    std::memcpy(bytes.data() + 32 + sizeof numbers, entry.prints.data(), sizeof(ColdPrints));
    return base::crc32c(bytes);
}

std::int64_t crcOfModel(const ColdModelRow& model) {
    RowSum sum;
    sum.add(model.number);
    sum.add(blobOf(model.identity));
    sum.add(std::as_bytes(std::span(model.name)));
    return sum.value();
}

// False: the row is not what was written.
bool readRow(const base::SqliteStatement& from, ColdRow& row) {
    ColdEntry& entry = row.entry;
    const auto number = [&](int column, auto& field) {
        const std::int64_t value = from.integer(column);
        field = static_cast<std::remove_reference_t<decltype(field)>>(value);
        return static_cast<std::int64_t>(field) == value;
    };
    std::uint8_t kind = 0;
    std::uint8_t pinned = 0;
    if (!hashOf(from.blob(0), entry.key) || !hashOf(from.blob(1), row.parent)) return false;
    const auto prints = from.blob(13);
    if (prints.size() != sizeof(ColdPrints)) return false;
    std::memcpy(entry.prints.data(), prints.data(), sizeof(ColdPrints));
    const bool fits = number(2, entry.model) && number(3, kind) && number(4, entry.position) && number(5, entry.count) &&
                      number(6, entry.groups) && number(7, entry.bytes) && number(8, entry.createdS) && number(9, entry.usedS) &&
                      number(10, entry.uses) && number(11, pinned) && number(12, entry.tick);
    if (!fits || kind < 1 || kind > 3 || pinned > 1 || entry.count < 1 || entry.count > kBlockTokens) return false;
    entry.kind = static_cast<ColdKind>(kind);
    entry.pinned = pinned == 1;
    return crcOfRow(row) == from.integer(14);
}

}  // namespace

Expected<std::unique_ptr<ColdIndex>> ColdIndex::open(const std::filesystem::path& file, base::FileSystem& files) {
    auto database = base::SqliteDatabase::open(file, &files);
    if (!database) return std::move(database).error();
    std::unique_ptr<ColdIndex> index(new ColdIndex(std::move(database).value()));
    if (auto prepared = index->prepare(); !prepared) return std::move(prepared).error();
    return index;
}

Expected<void> ColdIndex::discard(const std::filesystem::path& file, base::FileSystem& files) {
    for (const char* suffix : {"-wal", "-journal", "-shm", ""}) {
        std::filesystem::path path = file;
        path += suffix;
        if (auto removed = files.remove(path); !removed) return removed;
    }
    return {};
}

Expected<void> ColdIndex::prepare() {
    std::int64_t version = 0;
    {
        auto asked = m_database->prepare("PRAGMA user_version");
        if (!asked) return asked.error();
        const auto row = (*asked)->step();
        if (!row) return row.error();
        version = (*asked)->integer(0);
    }
    if (version == 0) {
        // Space of rows that are gone goes back to the disk. It must be said before the first table is made.
        if (auto set = m_database->run("PRAGMA auto_vacuum=INCREMENTAL; VACUUM"); !set) return set;
        auto transaction = base::SqliteTransaction::begin(*m_database);
        if (!transaction) return transaction.error();
        if (auto made = m_database->run(kSchema + ("PRAGMA user_version=" + std::to_string(kSchemaVersion))); !made) return made;
        if (auto committed = transaction->commit(); !committed) return committed;
    } else if (version != kSchemaVersion) {
        return Error{ErrorCode::Corrupt, "The index of the KV cache has the version " + std::to_string(version) + ", not " +
                                             std::to_string(kSchemaVersion) + "."};
    }
    const auto make = [&](const char* sql, std::unique_ptr<base::SqliteStatement>& statement) -> Expected<void> {
        auto prepared = m_database->prepare(sql);
        if (!prepared) return prepared.error();
        statement = std::move(prepared).value();
        return {};
    };
    if (auto made = make("INSERT OR REPLACE INTO blocks VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", m_insertRow); !made) return made;
    if (auto made = make("DELETE FROM blocks WHERE key=?", m_deleteRow); !made) return made;
    if (auto made = make("INSERT OR REPLACE INTO models VALUES (?,?,?,?)", m_insertModel); !made) return made;
    return make("INSERT OR REPLACE INTO days VALUES (?,?)", m_insertDay);
}

Expected<void> ColdIndex::loadModels(ColdIndexContents& contents) {
    auto models = m_database->prepare("SELECT number, identity, name, crc FROM models");
    if (!models) return models.error();
    while (true) {
        const auto row = (*models)->step();
        if (!row) return row.error();
        if (!*row) break;
        ColdModelRow model;
        const std::int64_t number = (*models)->integer(0);
        model.number = static_cast<std::uint16_t>(number);
        model.name = (*models)->text(2);
        const bool good = model.number == number && hashOf((*models)->blob(1), model.identity) && crcOfModel(model) == (*models)->integer(3);
        if (good)
            contents.models.push_back(std::move(model));
        else
            ++contents.badRows;
    }
    auto days = m_database->prepare("SELECT day, bytes FROM days");
    if (!days) return days.error();
    while (true) {
        const auto row = (*days)->step();
        if (!row) return row.error();
        if (!*row) return {};
        contents.writtenByDay[(*days)->integer(0)] = static_cast<std::uint64_t>((*days)->integer(1));
    }
}

Expected<ColdIndexContents> ColdIndex::load(const std::function<void(const ColdRow&)>& row) {
    ColdIndexContents contents;
    if (auto loaded = loadModels(contents); !loaded) return loaded.error();
    auto rows = m_database->prepare("SELECT * FROM blocks");
    if (!rows) return rows.error();
    while (true) {
        const auto there = (*rows)->step();
        if (!there) return there.error();
        if (!*there) return contents;
        ColdRow each;
        if (readRow(**rows, each))
            row(each);
        else
            ++contents.badRows;
    }
}

Expected<void> ColdIndex::write(const ColdIndexChanges& changes) {
    auto transaction = base::SqliteTransaction::begin(*m_database);
    if (!transaction) return transaction.error();
    for (const BlockKey& key : changes.gone) {
        m_deleteRow->bind(1, blobOf(key));
        if (auto done = m_deleteRow->execute(); !done) return done;
    }
    for (const ColdModelRow& model : changes.models) {
        m_insertModel->bind(1, std::int64_t{model.number}).bind(2, blobOf(model.identity)).bind(3, model.name).bind(4, crcOfModel(model));
        if (auto done = m_insertModel->execute(); !done) return done;
    }
    for (const ColdRow& row : changes.rows) {
        const ColdEntry& entry = row.entry;
        const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
        m_insertRow->bind(1, blobOf(entry.key)).bind(2, blobOf(row.parent)).bind(3, number(entry.model)).bind(4, number(entry.kind));
        m_insertRow->bind(5, number(entry.position)).bind(6, number(entry.count)).bind(7, number(entry.groups));
        m_insertRow->bind(8, number(entry.bytes)).bind(9, number(entry.createdS)).bind(10, number(entry.usedS));
        m_insertRow->bind(11, number(entry.uses)).bind(12, number(entry.pinned)).bind(13, number(entry.tick));
        m_insertRow->bind(14, std::as_bytes(std::span(entry.prints))).bind(15, crcOfRow(row));
        if (auto done = m_insertRow->execute(); !done) return done;
    }
    for (const auto& [day, bytes] : changes.writtenByDay) {
        m_insertDay->bind(1, day).bind(2, static_cast<std::int64_t>(bytes));
        if (auto done = m_insertDay->execute(); !done) return done;
    }
    if (!changes.writtenByDay.empty()) {
        // The nearest ones: a clock that once was a year ahead must not push today out.
        const std::string nearest = "SELECT day FROM days ORDER BY abs(day - " + std::to_string(changes.writtenByDay.rbegin()->first) +
                                    ") LIMIT " + std::to_string(kDaysKept);
        if (auto done = m_database->run("DELETE FROM days WHERE day NOT IN (" + nearest + ")"); !done) return done;
    }
    return transaction->commit();
}

Expected<void> ColdIndex::checkpoint() {
    if (auto given = m_database->run("PRAGMA incremental_vacuum"); !given) return given;
    return m_database->checkpoint();
}

}  // namespace larder::kv
