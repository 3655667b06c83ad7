// A file on its way: .FILE.part beside its future place, locked against other processes, with a journal of what is
// surely there and a hash that follows. Only journaled bytes are trusted after a crash. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/random_access_file.h"
#include "engine/error.h"
#include "engine/hub/byte_ranges.h"
#include "engine/hub/part_hash.h"
#include "engine/hub/part_journal.h"

namespace larder::hub {

std::filesystem::path partPath(const std::filesystem::path& finalPath);         // "dir/.name.part"
std::filesystem::path partJournalPath(const std::filesystem::path& finalPath);  // "dir/.name.part.json"

class PartFile {
public:
    struct Content {
        std::string commit;
        std::uint64_t bytes = 0;
        std::string sha256;  // lower-case hex; empty: only the size is checked
    };
    struct Pace {  // the journal is written when both passed since the last time
        std::chrono::milliseconds interval{1000};
        std::uint64_t bytes = 1;
    };

    // Goes on with what an earlier try left, if it was the same content. Overloaded when another process has it; NoSpace when
    // the disk cannot take the rest.
    static Expected<std::unique_ptr<PartFile>> open(const std::filesystem::path& finalPath, Content content, Pace pace);
    ~PartFile();  // what was not journaled is fetched again next time: see flush()
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;

    // Writes what of these bytes is missing; the rest is left as it is. The bytes that were new. REQUIRES: inside the file.
    Expected<std::uint64_t> write(std::uint64_t offset, std::string_view bytes);
    // Names the version that the bytes are of.
    void setEtag(const std::string& etag);
    // To be called often: orders the journal when it is time. The error of the disk, if there was one.
    Expected<void> keepJournal();
    // Everything written so far is on the disk and journaled. Blocks.
    Expected<void> flush();
    // Throws everything away and starts from nothing.
    Expected<void> restart();

    std::uint64_t presentBytes() const { return m_presentBytes; }
    const ByteRanges& present() const { return m_present; }
    const std::string& etag() const { return m_etag; }
    const Content& content() const { return m_content; }
    bool complete() const { return m_presentBytes == m_content.bytes; }

    // For a complete file: synced, journaled and hashed? Nothing while that goes on; Corrupt when the sha256 is another.
    std::optional<Expected<void>> verdict();
    // After an ok verdict: gives the file its real name, in the place of an older one.
    Expected<void> publish();
    // Deletes the part and its journal. Only flush(), without effect, may follow.
    void discard();

private:
    PartFile(std::filesystem::path finalPath, Content content, Pace pace, base::RandomAccessFile file);
    Expected<void> recall();
    void startThreads();
    void orderJournal();

    std::filesystem::path m_finalPath;
    Content m_content;
    Pace m_pace;
    base::RandomAccessFile m_file;
    std::string m_etag;
    ByteRanges m_present;
    std::uint64_t m_presentBytes = 0;
    std::uint64_t m_journaledBytes = 0;
    std::uint64_t m_announcedPrefix = 0;
    bool m_finalOrder = false;  // the journal of the complete file is ordered
    std::chrono::steady_clock::time_point m_journaledAt{};
    std::unique_ptr<PartHash> m_hash;              // both read m_file: destroyed before it
    std::unique_ptr<PartJournalWriter> m_journal;
};

// Deletes what an abandoned download left of this file, unless another process is at it.
void discardPart(const std::filesystem::path& finalPath);

}  // namespace larder::hub
