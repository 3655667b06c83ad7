// The pantry's cold half: blocks of KV on the disk for all models, within a hard byte limit (design §5.5). Files are written
// behind and read ahead by threads of its own; what is there is known in RAM, so asking costs no disk. A file is believed only
// after its checksum, its keys and its tokens were compared; a bad one is moved to quarantine/ and is a miss.
//
// FOLDER/LOCK  FOLDER/index.sqlite3  FOLDER/blocks/xx/KEY.safetensors  FOLDER/quarantine/  FOLDER/incoming/
//
// Threads: every verb may be called by any thread. find, closest, states, stage, read, cancel, takeRead, touch, status never
// block on the disk; the others say so. Rules:
//  - Order: a block is staged only behind a parent that is there or staged (the root key needs nothing). Taking a staged one
//    back, or failing to write it, takes back its staged descendants.
//  - Files are written under a temporary name, synced in batches of at most 2 s, renamed, then entered into the index.
//  - Limit: before a file is written, room is made leaf-first, the one unused for longest first; pinned ones stay. Everything
//    the folder holds counts (files, index, WAL, quarantine). Free space below the floor counts as no room. If there is no
//    room the write is dropped. The quarantine is kept small: the oldest go beyond 16 files or 1 % of the limit.
//  - Admission: when more than bytesPerDay were written since midnight UTC, only pinned blocks and those used twice are taken.
//  - Errors of the disk are told once (status().problem) until writing works again; it is tried again after a pause
//    (1 s, doubling to 60 s). Reading goes on meanwhile.
//  - Strays (files without a row) are adopted or removed in the background after the start; rows without a file are dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/base/hash.h"
#include "engine/cache.h"
#include "engine/error.h"
#include "engine/kv/block_key.h"
#include "engine/kv/cold_block.h"
#include "engine/types.h"

namespace larder::kv {

struct ColdSettings {
    std::filesystem::path folder;
    base::FileSystem* files = nullptr;               // null: the real one; outlives the store
    std::uint64_t limitBytes = 0;
    std::uint64_t floorBytes = 2'000'000'000;        // of free space that is left to others
    std::uint64_t bytesPerDay = 100'000'000'000;     // 0 = no limit
    ColdCodec codec = ColdCodec::None;               // Zstd: per part, where it saves at least 10 %
    int zstdLevel = 1;
    std::size_t stagedBytes = std::size_t{64} << 20; // RAM for blocks that wait to be written
    bool manual = false;                             // tests: no threads; work() does what they would do
    std::function<double()> steadyMs = {};           // tests: the clock of pauses and intervals; empty: the steady clock
    std::function<bool()> busy = {};                 // whether others compute: then reading keeps to one thread
};

// What is there of a block, without its bytes.
struct ColdFacts {
    ColdKind kind = ColdKind::Full;
    std::size_t count = 0;             // tokens
    std::uint32_t groups = 0;          // bit g: payload of layer group g is there
    bool pinned = false;
    std::uint32_t uses = 0;            // requests that found it, in all
};

struct ColdState {
    BlockKey key;
    std::size_t offset = 0;            // tokens after its parent, 1..64
};

// A block to be written; its bytes are copied before stage() returns.
struct ColdBlock {
    ColdHead head;                     // parts: group and rawBytes; codec and storedBytes are the store's business
    std::vector<std::span<const std::byte>> payload;  // [parts]
    bool pinned = false;
    std::uint32_t uses = 0;            // requests that computed or found it
};

enum class StageResult { Staged, AlreadyThere, NoParent, NotAdmitted, Full, Off };  // Full: no room in RAM now, see news

// Asks for one block's bytes. Several candidates: the one with most leading tokens in common is taken.
struct ColdRead {
    std::vector<BlockKey> candidates;  // at least one
    BlockKey parent;
    base::Hash128 identity;
    ColdKind kind = ColdKind::Full;    // Tail: candidates may be tails and full blocks
    std::size_t position = 0;
    std::vector<TokenId> tokens;       // wanted; a full block or a state must have exactly these
    struct Target {
        int group = 0;                 // -1: the state
        std::span<std::byte> bytes;    // exactly the part's raw size. The reader's until the result came or cancel() said true
    };
    std::vector<Target> targets;       // a part that the file lacks makes the read fail; parts not asked for are skipped
};

enum class ReadTicket : std::uint64_t {};

struct ColdReadDone {
    ReadTicket ticket{};
    std::size_t tokens = 0;            // leading ones in common that the targets now hold; 0: a miss (gone, or bad and quarantined)
    DiskLoss loss = DiskLoss::None;    // of a miss, if it is known
};

class ColdStore {
public:
    // Blocks on the disk (about 0.2 s for 100,000 blocks). Unavailable: another process owns the folder. An index that is
    // broken is made anew from the files, in the background.
    static Expected<std::unique_ptr<ColdStore>> open(ColdSettings settings);
    ~ColdStore();                      // close()

    bool isOn() const;                 // false: the limit is 0, or it was closed

    // ---- What is there. find, and a walk over 1000 keys, take microseconds.
    std::optional<ColdFacts> find(const BlockKey& key) const;
    std::vector<std::optional<ColdFacts>> findAll(std::span<const BlockKey> keys) const;  // under one lock
    // Children of parent that begin like these tokens, best first, at most four, at least one leading token in common as far
    // as fingerprints tell; without those that are staged no more or hold other kinds of content.
    std::vector<BlockKey> closest(const BlockKey& parent, std::span<const TokenId> tokens) const;
    // States that stand after a beginning of these tokens (at most 64), by rising offset.
    std::vector<ColdState> states(const BlockKey& parent, std::span<const TokenId> tokens) const;

    // ---- Writing. What was staged is found and can be read at once.
    StageResult stage(const ColdBlock& block);
    void drop(const BlockKey& key);    // a tail or state that is of no use any more; pinned ones stay. Staged or written
    void touch(std::span<const BlockKey> keys);    // used by one more request
    void pinAll(std::span<const BlockKey> keys);   // as far as they are there and the limit allows

    // ---- Reading, in the order of asking.
    ReadTicket read(ColdRead order);
    // True: nobody touches the targets any more and no result comes. False: it is being read just now, a result comes.
    bool cancel(ReadTicket ticket);
    std::vector<ColdReadDone> takeRead();

    // ---- By hand. Blocks on the disk; not on the engine thread.
    void nameModel(const base::Hash128& identity, const std::string& name);  // what lists call it; does not block
    CacheListing list() const;
    Expected<void> pin(const std::string& id, bool pinned);    // id: CachedPrefix::id or a beginning of it that names one
    Expected<CacheCleared> clear(const std::string& model, bool pinnedToo);  // empty: all
    CacheVerified verify(const std::function<bool(double fraction)>& progress);  // reads every file; false stops
    Expected<ExportedPrefix> exportPrefix(const std::string& id, const std::filesystem::path& file);
    // Unpacks into incoming/, checked but not found by anybody until acceptImport().
    struct Incoming {
        std::uint64_t number = 0;
        base::Hash128 identity;
        std::string model;
        std::vector<TokenId> tokens;
        std::vector<ColdHead> blocks;  // in order from position 0
        std::uint64_t bytes = 0;
    };
    Expected<Incoming> importPrefix(const std::filesystem::path& file);
    Expected<void> readIncoming(const Incoming& incoming, std::size_t block, std::span<const ColdRead::Target> targets);
    Expected<void> acceptImport(const Incoming& incoming);
    void dropImport(const Incoming& incoming);

    // ---- Settings and figures.
    void setLimit(std::uint64_t bytes);      // evicts in the background; 0: off, what is there stays and is not found
    void setFloor(std::uint64_t bytes);
    void setCodec(ColdCodec codec);
    void setBytesPerDay(std::uint64_t bytes);
    ColdTierStatus status() const;

    // Who is told that a read is done or that there is room to stage again: any thread, must not block. Once this returned, the
    // listener before is not called any more.
    void listen(std::function<void()> news);
    // Waits until no reader touches a target; what was asked for and is not read yet never comes, what was read can be taken.
    void stopReading();
    // Waits until there is room to stage a block. False: there was none for so long, or there will be none.
    bool waitForRoom(double ms);

    // Blocks that were staged and could not be written: whoever has them still may stage them again. Rises.
    std::uint64_t takenBackBlocks() const;

    // Writes what is staged (bounded by its bytes), closes the index, joins. Later verbs do nothing.
    void close();
    bool work();                             // manual only: one batch of writing or one read; false: nothing to do
    std::string checkIntegrity() const;      // empty, or the sum or link that does not hold

private:
    struct Inner;
    explicit ColdStore(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::kv
