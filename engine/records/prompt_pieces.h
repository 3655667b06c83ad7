// The tokens of known prompts in prompts.sqlite3, in pieces of 960. A piece is known by the one before it and a hash over all
// tokens up to its end, so prompts that begin alike share their pieces, and a turn adds only what is new. A prompt names its last
// whole piece. One thread at a time; inside its database's transactions.
//
// Rejected: a prompt as the difference to another one. Whoever drops that one has to write all anew that build on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/sqlite.h"
#include "engine/error.h"
#include "engine/types.h"

namespace larder::records {

constexpr std::size_t kPieceTokens = 960;  // 3,840 bytes: with its row, one page of SQLite

using PieceId = std::int64_t;              // 0: none, the beginning of every prompt

class PromptPieces {
public:
    // Makes the table where there is none. REQUIRES that the database, which outlives this, has a table prompts with a column piece.
    static Expected<std::unique_ptr<PromptPieces>> open(base::SqliteDatabase& database);

    // Takes whole pieces off the front of rest, which comes behind last, until less than one is left. The new last piece.
    Expected<PieceId> keep(PieceId last, std::vector<TokenId>& rest);
    // Removes it and those before it, as far as no prompt and no other piece needs them.
    Expected<void> drop(PieceId last);
    // All tokens up to its end, appended to ids. False: one of its pieces is damaged; ids as before.
    Expected<bool> read(PieceId last, std::vector<TokenId>& ids);

private:
    using Statement = std::unique_ptr<base::SqliteStatement>;
    explicit PromptPieces(base::SqliteDatabase& database) : m_database(database) {}
    Expected<std::int64_t> hashOf(PieceId piece);
    Expected<PieceId> keepOne(PieceId before, std::int64_t hash, std::span<const TokenId> tokens);

    base::SqliteDatabase& m_database;
    Statement m_read, m_find, m_insert, m_mend, m_isNeeded, m_remove;
};

}  // namespace larder::records
