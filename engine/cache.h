// What can be seen and done with the KV cache on the disk, as plain values: numbers for every look, lists and results for
// those who ask. Filled by their owners; copied whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace larder {

// What went wrong when blocks of a prompt were read from the disk; what lies behind such a block is computed.
enum class DiskLoss {
    None,
    Gone,      // a file was not there any more
    Damaged    // it was, and has been set aside
};

// The cold tier. Counters since the server started, unless they say otherwise.
struct ColdTierStatus {
    bool on = false;                   // false: --cold-cache 0, or it could not be opened (see problem)
    std::string folder;
    std::uint64_t limitBytes = 0;
    std::uint64_t usedBytes = 0;       // everything the folder holds
    std::uint64_t pinnedBytes = 0;
    std::uint64_t stagedBytes = 0;     // in RAM, on their way to the disk
    std::uint64_t blocks = 0;          // files
    std::uint64_t freeDiskBytes = 0;   // as of the last look
    std::uint64_t floorBytes = 0;
    std::uint64_t bytesPerDay = 0;     // 0 = no limit
    std::uint64_t writtenTodayBytes = 0;  // since midnight UTC, over restarts
    std::uint64_t writtenBytes = 0;
    std::uint64_t readBytes = 0;
    std::uint64_t readBlocks = 0;      // hits
    std::uint64_t missedBlocks = 0;    // asked for, gone or bad
    std::uint64_t writtenBlocks = 0;
    std::uint64_t evictedBlocks = 0;
    std::uint64_t refusedBlocks = 0;   // not written: no room, or past the day's bytes
    std::uint64_t adoptedBlocks = 0;
    std::uint64_t quarantinedBlocks = 0;
    std::uint64_t quarantineFiles = 0; // there now
    bool writing = false;              // something waits to be written or is being written, rows of the index included
    std::string problem;               // one sentence: why it is off, or why nothing is written now; empty: all is well
};

// What the cold tier holds of one model.
struct CachedModel {
    std::string name;                  // as it was called last; "unknown model" when never told
    std::string identity;              // 32 hex digits
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t pinnedBytes = 0;
    std::uint64_t prefixes = 0;        // ends of known prefixes
    std::int64_t lastUsedUnixMs = 0;
};

// A known prefix: from the first token to where nothing longer is known.
struct CachedPrefix {
    std::string id;                    // 32 hex digits; the beginning is enough where it names one
    std::string model;
    std::uint64_t tokens = 0;
    std::uint64_t bytes = 0;           // of all its blocks, those it shares with others included
    std::uint64_t ownBytes = 0;        // that no other prefix needs
    std::uint64_t uses = 0;
    std::int64_t createdUnixMs = 0;
    std::int64_t lastUsedUnixMs = 0;
    bool pinned = false;               // all of it
    std::uint64_t pinnedTokens = 0;    // from the first on: a request pins its prompt, not what follows
};

struct CacheListing {
    std::vector<CachedModel> models;   // largest first
    std::vector<CachedPrefix> prefixes;  // last used first
};

struct CacheCleared {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t keptPinnedBlocks = 0;
};

struct CacheVerified {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t badBlocks = 0;       // moved to quarantine
    bool complete = true;              // false: stopped
};

struct ExportedPrefix {
    std::uint64_t tokens = 0;
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
};

struct ImportedPrefix {
    std::string model;
    std::uint64_t tokens = 0;
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t checkedBlock = 0;    // the one that was computed again and compared
};

}  // namespace larder
