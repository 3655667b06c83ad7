#include "engine/records/prompt_pieces.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/hash.h"

namespace larder::records {
namespace {

constexpr const char* kPieceTable =
    "CREATE TABLE IF NOT EXISTS pieces (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, hash INTEGER NOT NULL, tokens BLOB NOT NULL);"
    "CREATE UNIQUE INDEX IF NOT EXISTS pieces_by_parent ON pieces (parent, hash)";

// Over all tokens up to the end of this piece.
std::int64_t chainHash(std::int64_t before, std::span<const std::byte> tokens) {
    return static_cast<std::int64_t>(base::hash128(tokens, static_cast<std::uint64_t>(before)).low);
}

}  // namespace

Expected<std::unique_ptr<PromptPieces>> PromptPieces::open(base::SqliteDatabase& database) {
    if (auto made = database.run(kPieceTable); !made) return made.error();
    std::unique_ptr<PromptPieces> pieces(new PromptPieces(database));
    const std::pair<Statement*, const char*> statements[] = {
        {&pieces->m_read, "SELECT parent, hash, tokens FROM pieces WHERE id = ?"},
        {&pieces->m_find, "SELECT id, tokens FROM pieces WHERE parent = ? AND hash = ?"},
        {&pieces->m_insert, "INSERT INTO pieces (parent, hash, tokens) VALUES (?, ?, ?) RETURNING id"},
        {&pieces->m_mend, "UPDATE pieces SET tokens = ? WHERE id = ?"},
        {&pieces->m_isNeeded, "SELECT EXISTS (SELECT 1 FROM prompts WHERE piece = ?1) OR EXISTS (SELECT 1 FROM pieces WHERE parent = ?1)"},
        {&pieces->m_remove, "DELETE FROM pieces WHERE id = ?"}};
    for (const auto& [statement, sql] : statements) {
        auto prepared = database.prepare(sql);
        if (!prepared) return prepared.error();
        *statement = std::move(*prepared);
    }
    return pieces;
}

Expected<std::int64_t> PromptPieces::hashOf(PieceId piece) {
    if (piece == 0) return std::int64_t{0};
    m_read->reset();
    const auto row = m_read->bind(1, piece).step();
    if (!row) return row.error();
    const std::int64_t hash = *row ? m_read->integer(1) : 0;
    m_read->reset();
    return hash;
}

Expected<PieceId> PromptPieces::keep(PieceId last, std::vector<TokenId>& rest) {
    auto hash = hashOf(last);
    if (!hash) return hash.error();
    std::size_t at = 0;
    for (; at + kPieceTokens <= rest.size(); at += kPieceTokens) {
        const std::span<const TokenId> tokens = std::span<const TokenId>(rest).subspan(at, kPieceTokens);
        *hash = chainHash(*hash, std::as_bytes(tokens));
        auto piece = keepOne(last, *hash, tokens);
        if (!piece) return piece;
        last = *piece;
    }
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(at));
    return last;
}

Expected<PieceId> PromptPieces::keepOne(PieceId before, std::int64_t hash, std::span<const TokenId> tokens) {
    const std::span<const std::byte> bytes = std::as_bytes(tokens);
    m_find->reset();
    const auto found = m_find->bind(1, before).bind(2, hash).step();
    if (!found) return found.error();
    if (*found) {
        const PieceId piece = m_find->integer(0);
        const bool whole = std::ranges::equal(m_find->blob(1), bytes);
        m_find->reset();
        if (whole) return piece;
        if (auto mended = m_mend->bind(1, bytes).bind(2, piece).execute(); !mended) return mended.error();
        return piece;
    }
    m_insert->reset();
    const auto inserted = m_insert->bind(1, before).bind(2, hash).bind(3, bytes).step();
    if (!inserted) return inserted.error();
    const PieceId piece = m_insert->integer(0);
    if (const auto done = m_insert->step(); !done) return done.error();
    return piece;
}

Expected<void> PromptPieces::drop(PieceId last) {
    while (last != 0) {
        m_isNeeded->reset();
        const auto asked = m_isNeeded->bind(1, last).step();
        if (!asked) return asked.error();
        const bool isNeeded = m_isNeeded->integer(0) != 0;
        m_isNeeded->reset();
        if (isNeeded) return {};
        m_read->reset();
        const auto row = m_read->bind(1, last).step();
        if (!row) return row.error();
        const PieceId before = *row ? m_read->integer(0) : 0;
        m_read->reset();
        if (auto removed = m_remove->bind(1, last).execute(); !removed) return removed;
        if (before >= last) return {};  // damaged: those before a piece were written before it
        last = before;
    }
    return {};
}

Expected<bool> PromptPieces::read(PieceId last, std::vector<TokenId>& ids) {
    const std::size_t begin = ids.size();
    std::vector<std::int64_t> hashes;  // the last piece's first, as are ids until the end
    bool whole = true;
    for (PieceId piece = last; piece != 0 && whole;) {
        m_read->reset();
        const auto row = m_read->bind(1, piece).step();
        if (!row) return row.error();
        const std::span<const std::byte> tokens = *row ? m_read->blob(2) : std::span<const std::byte>();
        const PieceId before = *row ? m_read->integer(0) : 0;
        whole = *row && tokens.size() == kPieceTokens * sizeof(TokenId) && before >= 0 && before < piece;
        if (whole) {
            hashes.push_back(m_read->integer(1));
            ids.resize(ids.size() + kPieceTokens);
            std::memcpy(&ids[ids.size() - kPieceTokens], tokens.data(), tokens.size());
        }
        m_read->reset();  // an open row would keep the WAL from shrinking
        piece = before;
    }
    const std::size_t count = hashes.size();
    const auto at = [&](std::size_t piece) { return ids.begin() + static_cast<std::ptrdiff_t>(begin + piece * kPieceTokens); };
    for (std::size_t i = 0; i < count / 2; ++i) std::swap_ranges(at(i), at(i + 1), at(count - 1 - i));
    std::int64_t hash = 0;
    for (std::size_t i = 0; i < count && whole; ++i) {
        hash = chainHash(hash, std::as_bytes(std::span(at(i), kPieceTokens)));
        whole = hash == hashes[count - 1 - i];
    }
    if (!whole) ids.resize(begin);
    return whole;
}

}  // namespace larder::records
