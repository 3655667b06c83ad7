// What the threads of the cold tier share, under one lock that nobody holds while the disk works: what there is, what waits to
// be written and read, what must be told to the index, and the sums. Whoever calls a verb holds the lock (Guarded::with).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/guarded.h"
#include "engine/base/mailbox.h"
#include "engine/cache.h"
#include "engine/kv/cold_catalog.h"
#include "engine/kv/cold_folder.h"
#include "engine/kv/cold_staging.h"
#include "engine/kv/cold_store.h"

namespace larder::kv {

// A file that is known no longer but still there, counted until the keeper has dealt with it.
struct ColdLeftover {
    BlockKey key;
    std::uint64_t bytes = 0;
    bool bad = false;        // to quarantine; else to be removed
};

// The entry of a block that was used now; its bytes are still to be told.
ColdEntry coldEntryOf(const ColdHead& head, std::uint16_t model, std::uint32_t nowS);

struct ColdBooks {
    // Everything on the disk that is no block in the catalog, by kind; with the catalog's bytes it is what the folder holds.
    struct Bytes {
        std::uint64_t index = 0;
        std::uint64_t unfinished = 0;   // files being written
        std::uint64_t leftover = 0;     // of leftovers
        std::uint64_t stray = 0;        // files without a row, not adopted yet, and what is not ours
        std::uint64_t quarantine = 0;
        std::uint64_t incoming = 0;
        std::uint64_t sum() const { return index + unfinished + leftover + stray + quarantine + incoming; }
    };
    struct Waiting {
        ReadTicket ticket{};
        ColdRead order;
        bool expected = false;          // the disk was told
    };

    ColdCatalog catalog;
    ColdStaging staging;
    std::size_t claimedBytes = 0;       // of blocks that are being copied into the staging
    std::uint64_t tick = 0;
    std::vector<ColdLeftover> leftovers;
    bool rowsUnderWay = false;          // some of the next are being written to the index
    std::vector<BlockKey> writtenRows;  // the index has to have them soon; may have gone since
    std::vector<BlockKey> usedRows;     // entries marked as changed: the index may have them later
    std::vector<BlockKey> goneRows;
    std::set<std::uint16_t> changedModels;
    bool changedDay = false;

    std::deque<Waiting> reads;
    std::set<ReadTicket> reading;
    std::vector<ColdReadDone> done;
    std::uint64_t lastTicket = 0;

    Bytes bytes;
    std::map<std::int64_t, std::uint64_t> writtenByDay;
    std::int64_t today = 0;             // days since 1970, as of the last look
    std::uint64_t limitBytes = 0;       // 0: off; what is on the disk stays, and nobody finds it
    std::uint64_t floorBytes = 0;
    std::uint64_t bytesPerDay = 0;
    ColdCodec codec = ColdCodec::None;
    ColdTierStatus counters;            // only what counts; status() fills in the rest
    std::string problem;
    bool paused = false;                // after an error of the disk: nothing is staged
    bool closed = false;
    bool readsStopped = false;
    std::uint64_t takenBack = 0;        // blocks that the disk refused after they were staged
    bool held = false;                  // the keeper waits for reads to be done before it writes
    bool rung = false;                  // the keeper was told that there is something to do
    std::uint64_t freeDiskBytes = 0;

    bool off() const { return closed || limitBytes == 0; }
    std::uint64_t usedBytes() const { return catalog.bytes() + bytes.sum(); }
    std::uint64_t writtenToday() const;
    void countWritten(std::uint64_t fileBytes);

    void noteUsed(ColdEntryId entry);
    // Takes an entry out, with the staged ones below it. What lies on the disk becomes a leftover.
    void forget(ColdEntryId entry, bool bad);
    // Takes a staged block and the staged ones below it back; how many.
    std::size_t takeBack(const BlockKey& key);
    // False: it is not there, is pinned already, or the limit does not allow it.
    bool pin(const BlockKey& key);
    bool mayPin(std::uint64_t fileBytes) const { return catalog.pinnedBytes() + fileBytes + bytes.index <= limitBytes; }
    ColdFacts factsOf(ColdEntryId entry) const;
    std::string checkIntegrity() const;

private:
    std::vector<BlockKey> stagedBelow(ColdEntryId entry) const;
    void removeStaged(const std::vector<BlockKey>& keys);
};

struct ColdContext {
    ColdContext(ColdSettings chosen, ColdFolder where);

    const ColdSettings settings;        // as at the start: the limit, the codec and the bytes a day may have changed since
    const ColdFolder folder;
    base::Guarded<ColdBooks> books;

    base::Guarded<std::function<void()>> listener;  // see ColdStore::listen
    std::atomic<bool> roomAsked{false};             // somebody waits at the bell
    base::Mailbox<bool> roomBell;

    void tellNews() {
        listener.with([](const std::function<void()>& tell) {
            if (tell) tell();
        });
        if (roomAsked.exchange(false)) roomBell.post(true);
    }
    std::int64_t dayNow() const { return folder.files().unixMs() / 86'400'000; }
    std::uint32_t secondsNow() const { return static_cast<std::uint32_t>(folder.files().unixMs() / 1000); }
    double steadyMs() const;
};

}  // namespace larder::kv
