// Brings books and files together after the start: looks through the folder once, drops rows without a file and what an earlier
// run left unfinished, and counts strays, files without a row. Then reads the strays, one at a time, and takes them in or to the
// quarantine. Keeper's thread only; blocks on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <vector>

#include "engine/error.h"
#include "engine/kv/cold_books.h"
#include "engine/kv/cold_folder.h"
#include "engine/kv/cold_quarantine.h"
#include "engine/kv/cold_removals.h"

namespace larder::kv {

class ColdAdoption {
public:
    ColdAdoption(ColdContext& context, ColdQuarantine& quarantine, ColdRemovals& removals)
        : m_context(&context), m_quarantine(&quarantine), m_removals(&removals) {}

    // One folder; the same again after an Error. Nothing is written before all were looked through: only then are all bytes
    // counted. So a folder that can never be listed keeps the store from writing, and status().problem names it.
    Expected<void> scanNext();
    bool scanned() const { return m_nextSubfolder > kColdSubfolders; }

    bool hasWork() const { return !m_strays.empty(); }
    Expected<void> adoptNext();                  // REQUIRES hasWork()
    bool hasStrays() const { return !m_strays.empty() || !m_unreadable.empty(); }
    Expected<void> removeStray();                // REQUIRES hasStrays()

private:
    struct Stray {
        BlockKey key;
        std::uint64_t bytes = 0;
    };
    Expected<void> scanRest();
    Expected<void> empty(const std::filesystem::path& folder);
    Expected<void> scanSubfolder(std::size_t number);
    void dropRowsWithoutFile(std::size_t number, const std::vector<BlockKey>& there);
    bool takeIn(const Stray& stray, const ColdHead& head);
    void countStray(std::uint64_t bytes, bool more);

    ColdContext* m_context;
    ColdQuarantine* m_quarantine;
    ColdRemovals* m_removals;
    std::size_t m_nextSubfolder = 0;             // 0: the other folders; n: blocks/(n-1)
    std::vector<BlockKey> m_known;               // keys on the disk when the scan began, sorted
    std::deque<Stray> m_strays;
    std::deque<Stray> m_unreadable;              // by an error of the disk
    ColdScratch m_scratch;
};

}  // namespace larder::kv
