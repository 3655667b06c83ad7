#include "engine/kv/hot_tier.h"

#include <algorithm>
#include <cassert>

#include "engine/kv/kv_cache.h"

namespace larder::kv {

HotTier::HotTier(std::size_t limitBytes, std::size_t ceilingBytes)
    : m_limitBytes(limitBytes), m_ceilingBytes(std::max(limitBytes, ceilingBytes)) {}

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

bool HotTier::evictColdest() {
    KvCache* coldest = nullptr;
    for (KvCache* cache : m_caches) {
        const auto tick = cache->coldestTick();
        if (tick && (coldest == nullptr || *tick < *coldest->coldestTick())) coldest = cache;
    }
    if (coldest == nullptr) return false;
    coldest->evictColdest();
    ++m_evictedBlocks;
    return true;
}

void HotTier::keepWithinTouched() {
    std::size_t touched = 0;
    for (const KvCache* cache : m_caches) touched += cache->touchedBytes();
    if (touched <= m_limitBytes) return;
    for (KvCache* cache : m_caches) cache->discardFree();
}

std::string HotTier::checkIntegrity() const {
    std::size_t used = 0;
    for (const KvCache* cache : m_caches) used += cache->usedBytes();
    if (used != m_usedBytes)
        return "The hot tier counts " + std::to_string(m_usedBytes) + " bytes, its caches " + std::to_string(used) + ".";
    return {};
}

}  // namespace larder::kv
