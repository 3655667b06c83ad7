// prompts.sqlite3: the prompts that were known, with their answers, as token ids. One row a prompt; its tokens lie in pieces that
// prompts share (prompt_pieces.h). Bounded: the prompts that were written longest ago go. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/base/sqlite.h"
#include "engine/error.h"
#include "engine/records/prompt_pieces.h"
#include "engine/types.h"

namespace larder::records {

struct PromptLimits {
    std::uint64_t diskBytes = std::uint64_t{32} << 20;  // of the pages in use; SQLite's log takes up to 8 MB beside them
    std::int64_t prompts = 10'000;
};

enum class PromptState { Running, Whole, Stopped };  // Stopped: it ended before all of its prompt was computed

// A request of a server that has the file open (run 0), or had.
struct PromptKey {
    std::int64_t run = 0;
    std::uint64_t number = 0;
    bool operator==(const PromptKey&) const = default;
};

struct StoredPrompt {
    PromptKey key;
    std::string model;
    std::uint64_t content = 0;         // tells one file of that name from another
    std::vector<TokenId> ids;          // with the answer
    std::vector<std::uint32_t> ends;   // in tokens: of those that it contains, its own last; empty while it runs
    PromptState state = PromptState::Running;
    std::size_t computedTokens = 0;
    std::size_t keptTokens = 0;
    bool diskWasOn = false;            // what was kept of it could be written to the disk
    bool endedCleanly = false;         // its server did, and had time to write
};

// ---- Changes. Those to a prompt that is not there do nothing.
struct PromptBegin {
    std::uint64_t number = 0;
    std::string model;
    std::uint64_t content = 0;
    std::vector<TokenId> ids;
};
struct PromptNote {
    std::uint64_t number = 0;
    std::size_t computedTokens = 0;
    std::size_t keptTokens = 0;
};
struct PromptEnd {
    PromptKey key;
    std::vector<TokenId> answer;       // comes behind what is there
    std::vector<std::uint32_t> ends;
    PromptState state = PromptState::Whole;
    std::size_t computedTokens = 0;
    std::size_t keptTokens = 0;
    bool diskWasOn = false;
    std::vector<PromptKey> contained;  // need no row of their own any more
};
struct PromptForget {
    PromptKey key;
};
using PromptChange = std::variant<PromptBegin, PromptNote, PromptEnd, PromptForget>;

class PromptFile {
public:
    // Makes the file when there is none, and begins a run, whose number is above afterRun. Corrupt: broken; Unsupported: a newer
    // Larder wrote it. files: null for SQLite's own.
    static Expected<std::unique_ptr<PromptFile>> open(const std::filesystem::path& file, base::FileSystem* files, const PromptLimits& limits,
                                                      std::int64_t afterRun = 0);

    // Of earlier runs, those that were written last and have at most so many bytes of ids, the oldest first. A row or a piece
    // whose checksum is wrong is a prompt that is not known.
    Expected<std::vector<StoredPrompt>> load(std::size_t mostBytes);
    // All or nothing; removes what is too much.
    Expected<void> write(std::span<const PromptChange> changes);
    Expected<void> clear(const std::string& model);
    Expected<void> endCleanly();       // this run

    std::int64_t run() const { return m_run; }
    std::int64_t prompts() const { return m_prompts; }
    std::uint64_t diskBytes() const { return m_database->diskBytes(); }

private:
    struct Row;
    PromptFile(std::unique_ptr<base::SqliteDatabase> database, const PromptLimits& limits)
        : m_database(std::move(database)), m_limits(limits) {}
    Expected<void> prepare();
    Expected<void> beginRun(std::int64_t afterRun);
    Expected<std::int64_t> number(const std::string& sql);
    Expected<void> recount();
    std::int64_t runOf(const PromptKey& key) const { return key.run == 0 ? m_run : key.run; }

    Expected<void> change(const PromptBegin& begin);
    Expected<void> change(const PromptNote& note);
    Expected<void> change(const PromptEnd& end);
    Expected<void> change(const PromptForget& forget) { return remove(forget.key); }

    Expected<std::optional<Row>> find(const PromptKey& key);
    Expected<void> insert(const Row& row);
    Expected<void> replace(const Row& row);
    Expected<void> removeRow(std::int64_t id);  // and what of its pieces nobody else needs
    Expected<void> remove(const PromptKey& key);
    static Expected<std::vector<std::int64_t>> list(base::SqliteStatement& query);
    Expected<void> trim();

    std::unique_ptr<base::SqliteDatabase> m_database;
    std::unique_ptr<base::SqliteStatement> m_read;
    std::unique_ptr<PromptPieces> m_pieces;
    const PromptLimits m_limits;
    std::int64_t m_run = 0;
    std::int64_t m_prompts = 0;
};

}  // namespace larder::records
