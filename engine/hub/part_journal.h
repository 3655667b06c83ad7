// What .FILE.part.json says about .FILE.part: whose bytes they are, and which of them are surely on the disk. The
// journal is written by a thread of its own, always after the bytes it speaks of were synced.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/random_access_file.h"
#include "engine/error.h"
#include "engine/hub/byte_ranges.h"

namespace larder::hub {

struct PartJournal {
    std::string commit;
    std::string etag;      // empty: the server gave none yet
    std::uint64_t bytes = 0;  // of the whole file
    std::string sha256;    // empty: the hub gives none
    ByteRanges ranges;

    bool operator==(const PartJournal&) const = default;
};

std::string printPartJournal(const PartJournal& journal);
// Nothing for text that is not one, whole and consistent.
std::optional<PartJournal> parsePartJournal(std::string_view text);

// Syncs the part and then replaces its journal, in a thread, as often as it is told to; of several orders that pile up the
// last counts. Its destructor finishes the order under way.
class PartJournalWriter {
public:
    // REQUIRES: part outlives this object.
    PartJournalWriter(const base::RandomAccessFile& part, std::filesystem::path journalPath);
    ~PartJournalWriter();

    void write(PartJournal journal);
    void finish();                           // blocks until everything ordered was dealt with; the last verb
    bool idle() const;                       // everything ordered was written or failed
    std::optional<Error> failure() const;    // the first one: nothing is written after it

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::hub
