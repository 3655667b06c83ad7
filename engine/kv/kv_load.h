// Blocks of one prompt on their way from the disk into RAM (the Loading state of design §3 step 6). They are read in order and
// become known one by one; when the load is done nobody holds them, and acquire() finds them like any others.
// Engine thread only. Move-only; dies before its cache. Its death gives up what was not read yet.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/kv/cold_store.h"
#include "engine/kv/kv_lease.h"
#include "engine/types.h"

namespace larder::kv {

class KvCache;

// One read of a load. Of the cache; nobody else looks inside.
struct LoadItem {
    std::size_t block = 0;
    ColdKind kind = ColdKind::Full;
    ReadTicket ticket{};
    bool arrived = false;
    std::size_t tokens = 0;                             // that came; 0: a miss
    DiskLoss loss = DiskLoss::None;
    std::vector<std::pair<std::size_t, BlockId>> fills; // group and pool block of what is missing in RAM
};

struct LoadRecord {
    LeaseRecord lease;
    std::vector<TokenId> prefix;
    std::vector<LoadItem> items;
    std::size_t next = 0;                               // item to be filled in
    std::size_t target = 0;                             // tokens
    std::vector<std::vector<std::byte>> scratch;        // [groups] of the block that is wanted in part
    bool owned = true;                                  // its KvLoad lives
    bool ended = false;
    bool missed = false;                                // something was gone or bad
    DiskLoss loss = DiskLoss::None;                     // which of both, if it is known
};

class KvLoad {
public:
    KvLoad() = default;
    ~KvLoad() { giveUp(); }
    KvLoad(KvLoad&& other) noexcept : m_cache(std::exchange(other.m_cache, nullptr)), m_record(other.m_record) {}
    KvLoad& operator=(KvLoad&& other) noexcept;

    bool done() const { return m_record->ended; }       // REQUIRES that it did not move away
    bool missed() const { return m_record->missed; }
    DiskLoss loss() const { return m_record->loss; }
    std::size_t tokens() const { return m_record->target; }  // of the prefix that it is to make known

private:
    friend class KvCache;
    KvLoad(KvCache& cache, LoadRecord& record) : m_cache(&cache), m_record(&record) {}
    void giveUp();
    KvCache* m_cache = nullptr;
    LoadRecord* m_record = nullptr;
};

struct LoadStart {
    std::optional<KvLoad> load;
    bool noRoom = false;               // there is something to read, but no room for it now
};

}  // namespace larder::kv
