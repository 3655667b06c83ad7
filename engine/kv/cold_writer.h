// Writes staged blocks: several files under temporary names, then all of them to the platter, then their names. Keeper's thread
// only; blocks on the disk.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/kv/cold_books.h"
#include "engine/kv/cold_folder.h"
#include "engine/kv/cold_removals.h"
#include "engine/kv/cold_room.h"
#include "engine/kv/cold_trouble.h"

namespace larder::kv {

class ColdWriter {
public:
    ColdWriter(ColdContext& context, ColdRoom& room, ColdRemovals& removals, ColdTrouble& trouble)
        : m_context(&context), m_room(&room), m_removals(&removals), m_trouble(&trouble) {}

    // One batch. False: nothing waits, or reads go first (books.held). patient: gives way to reads.
    bool write(bool patient);

private:
    struct InFlight {
        ColdStaging::Number number = 0;
        std::shared_ptr<const StagedBlock> block;
        ColdHead head;                         // as it is on the disk
        std::unique_ptr<base::OpenFile> file;
        std::uint64_t claimedBytes = 0;        // counted as unfinished
    };

    bool readsGoFirst();
    bool start(InFlight& flight);
    Expected<void> writeFile(InFlight& flight);
    void finish(std::vector<InFlight>& batch);
    bool nameFile(InFlight& flight);
    void settle(const InFlight& flight, std::uint64_t bytes);
    static void dropCoveredTails(ColdBooks& books, ColdEntryId settled, const ColdHead& head);
    void abandon(const InFlight& flight);
    void refuse(const BlockKey& key);
    void removeAbandoned();

    ColdContext* m_context;
    ColdRoom* m_room;
    ColdRemovals* m_removals;
    ColdTrouble* m_trouble;
    ColdScratch m_scratch;
    std::vector<std::byte> m_compressed;
    std::bitset<kColdSubfolders> m_made;       // subfolders that are there
    double m_heldSinceMs = -1;
    struct Abandoned {
        std::filesystem::path file;
        std::uint64_t bytes = 0;
    };
    std::vector<Abandoned> m_abandoned;        // unfinished files that could not be removed yet
};

}  // namespace larder::kv
