#include "engine/kv/hot_tier.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "engine/kv/cold_store.h"
#include "engine/kv/kv_cache.h"

namespace larder::kv {
namespace {

// RAM that is ready for new blocks: for what coding agents begin with, but not more of a large model's KV, or of the budget,
// than somebody who only has the model loaded would miss.
constexpr std::size_t kPreparedTokens = 12'288;
constexpr std::size_t kPreparedBytes = std::size_t{512} << 20;
constexpr std::size_t kPreparedShare = 4;  // at most a fourth of the limit

}  // namespace

HotTier::HotTier(std::size_t limitBytes, std::size_t ceilingBytes, ColdStore* cold)
    : m_limitBytes(limitBytes), m_ceilingBytes(std::max(limitBytes, ceilingBytes)), m_cold(cold), m_saves(cold != nullptr && cold->isOn()) {}

std::size_t HotTier::cachedBytes() const {
    std::size_t bytes = 0;
    for (const KvCache* cache : m_caches) bytes += cache->cachedBytes();
    return bytes;
}

void HotTier::setLimit(std::size_t bytes) {
    m_limitBytes = std::min(bytes, m_ceilingBytes);
    while (m_usedBytes > m_limitBytes && evictColdest()) {
    }
    keepWithinTouched();
    noteRoom();
}

void HotTier::add(KvCache& cache) {
    m_caches.push_back(&cache);
}

void HotTier::remove(KvCache& cache) {
    std::erase(m_caches, &cache);
}

std::uint64_t HotTier::tickFor(Keep keep) {
    if (keep != Keep::Aside) return tick();
    const auto first = std::find_if(m_mainTicks.begin(), m_mainTicks.end(), [](std::uint64_t each) { return each > 0; });
    return first == m_mainTicks.end() ? tick() : *first - 1;
}

void HotTier::noteLease(Keep keep) {
    if (keep == Keep::Aside) return;
    std::rotate(m_mainTicks.begin(), m_mainTicks.begin() + 1, m_mainTicks.end());
    m_mainTicks.back() = m_tick;
}

bool HotTier::take(std::size_t bytes) {
    if (!fits(bytes)) return false;
    while (m_usedBytes + bytes > m_limitBytes)
        if (!evictColdest()) return false;
    m_usedBytes += bytes;
    return true;
}

void HotTier::give(std::size_t bytes) {
    assert(m_usedBytes >= bytes);
    m_usedBytes -= bytes;
    noteRoom();
}

bool HotTier::save(std::size_t bytes) {
    if (m_cold == nullptr) return false;
    const bool on = m_cold->isOn();
    const bool turnedOn = !std::exchange(m_saves, on) && on;
    if (const std::uint64_t takenBack = m_cold->takenBackBlocks(); std::exchange(m_takenBack, takenBack) != takenBack || turnedOn)
        for (KvCache* cache : m_caches) cache->wantMissingSaved();
    bool more = false;
    for (KvCache* cache : m_caches) {
        while (bytes > 0 && cache->unsavedNodes() > 0) {
            const std::size_t staged = cache->saveOldest();
            if (staged == 0) return false;  // no room
            bytes -= std::min(bytes, staged);
        }
        more |= cache->unsavedNodes() > 0;
    }
    return more;
}

std::size_t HotTier::unsavedNodes() const {
    std::size_t nodes = 0;
    for (const KvCache* cache : m_caches) nodes += cache->unsavedNodes();
    return nodes;
}

bool HotTier::takeLoaded() {
    if (m_cold == nullptr) return false;
    const std::vector<ColdReadDone> done = m_cold->takeRead();
    for (const ColdReadDone& each : done)
        for (KvCache* cache : m_caches)
            if (cache->takeRead(each)) break;
    return !done.empty();
}

void HotTier::forget(const base::Hash128* identity) {
    for (KvCache* cache : m_caches)
        while ((identity == nullptr || cache->identity() == *identity) && cache->coldest()) cache->evictColdest();
    noteRoom();
}

bool HotTier::evictColdest() {
    KvCache* coldest = nullptr;
    for (KvCache* cache : m_caches) {
        const auto rank = cache->coldest();
        if (rank && (coldest == nullptr || *rank < *coldest->coldest())) coldest = cache;
    }
    if (coldest == nullptr) return false;
    coldest->evictColdest();
    ++m_evictedBlocks;
    return true;
}

std::size_t HotTier::touchedBytes() const {
    std::size_t bytes = 0;
    for (const KvCache* cache : m_caches) bytes += cache->touchedBytes();
    return bytes;
}

void HotTier::keepWithinTouched() {
    if (touchedBytes() <= m_limitBytes) return;
    for (KvCache* cache : m_caches) cache->discardFree();
}

bool HotTier::prepare(KvCache& cache) {
    const std::size_t most = std::min(kPreparedBytes, m_limitBytes / kPreparedShare);
    return touchedBytes() + most <= m_limitBytes && cache.prepare(kPreparedTokens, most);
}

std::string HotTier::checkIntegrity() const {
    std::size_t used = 0;
    for (const KvCache* cache : m_caches) used += cache->usedBytes();
    if (used != m_usedBytes)
        return "The hot tier counts " + std::to_string(m_usedBytes) + " bytes, its caches " + std::to_string(used) + ".";
    return {};
}

}  // namespace larder::kv
