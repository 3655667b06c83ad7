// The budget of KV in RAM that the caches of all models share (design §5.6): a limit in bytes over what is leased and what
// is kept, and the order in which kept blocks give way: whatever was not used for the longest time, whosever it is.
// Engine thread only. Outlives its caches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/hash.h"

namespace larder::kv {

class ColdStore;
enum class Keep;
class KvCache;

class HotTier {
public:
    static constexpr std::size_t kMainLeases = 4;


    // ceilingBytes: the largest limit there will ever be; caches reserve address space for it. cold: where what is known is
    // written to, and what was known is read from; outlives this. May be null.
    explicit HotTier(std::size_t limitBytes, std::size_t ceilingBytes = 0, ColdStore* cold = nullptr);
    HotTier(const HotTier&) = delete;
    HotTier& operator=(const HotTier&) = delete;

    std::size_t limitBytes() const { return m_limitBytes; }
    std::size_t ceilingBytes() const { return m_ceilingBytes; }
    std::size_t usedBytes() const { return m_usedBytes; }
    std::size_t cachedBytes() const;      // of the used ones: could be evicted
    std::size_t leasedBytes() const { return usedBytes() - cachedBytes(); }
    std::uint64_t evictedBlocks() const { return m_evictedBlocks; }

    // Hands what is to be written to the disk to the cold store, as long as that has room, about so many bytes. True: it took
    // something and there is more.
    bool save(std::size_t bytes);
    std::size_t unsavedNodes() const;
    // Fills in what the cold store has read. True: something came.
    bool takeLoaded();
    // Forgets what no lease holds, of one identity or of all.
    void forget(const base::Hash128* identity);
    ColdStore* cold() const { return m_cold; }
    bool saves() const { return m_saves; }  // there is a cold store and it is on, as of the last save()

    // At most the ceiling. Evicts what is too much; what is leased stays.
    void setLimit(std::size_t bytes);

    // Whether take(bytes) would succeed.
    bool fits(std::size_t bytes) const { return m_usedBytes + bytes <= m_limitBytes + cachedBytes(); }

    // For the caches. take: evicts as needed; false (and nothing is taken) when even that is not enough.
    void add(KvCache& cache);
    void remove(KvCache& cache);
    bool take(std::size_t bytes);
    void give(std::size_t bytes);
    void keepWithinTouched();             // RAM behind free blocks goes back when all touched RAM exceeds the limit
    // While there is nothing else to do: takes some RAM for what this cache will hold next, a few ms at most, as long as it is
    // little against the limit. False: enough is ready.
    bool prepare(KvCache& cache);
    std::uint64_t tick() { return ++m_tick; }
    // When what a lease uses counts as used. Of an aside one: just before the latest kMainLeases others began, so that it gives
    // way to what they use, and to nothing older.
    std::uint64_t tickFor(Keep keep);
    void noteLease(Keep keep);            // one began
    void noteRoom() { ++m_roomChanges; }
    std::uint64_t roomChanges() const { return m_roomChanges; }  // rises whenever what did not fit may fit

    std::string checkIntegrity() const;   // empty, or the sum that does not add up

private:
    bool evictColdest();
    std::size_t touchedBytes() const;

    std::size_t m_limitBytes;
    std::size_t m_ceilingBytes;
    ColdStore* m_cold;
    std::size_t m_usedBytes = 0;
    std::uint64_t m_evictedBlocks = 0;
    std::uint64_t m_tick = 0;             // order of use over all caches
    std::array<std::uint64_t, kMainLeases> m_mainTicks{};  // when the latest leases that are not aside began, rising; 0: none
    std::uint64_t m_roomChanges = 0;
    bool m_saves;
    std::uint64_t m_takenBack = 0;        // blocks that the cold store took and could not write, as of the last save
    std::vector<KvCache*> m_caches;
};

}  // namespace larder::kv
