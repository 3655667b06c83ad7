#include "engine/kv/kv_lease.h"

#include <cassert>
#include <utility>

#include "engine/types.h"

namespace larder::kv {

KvLease::KvLease(KvLease&& other) noexcept
    : m_pool(std::exchange(other.m_pool, nullptr)),
      m_blocks(std::exchange(other.m_blocks, {})),
      m_addresses(std::exchange(other.m_addresses, {})),
      m_cachedTokens(std::exchange(other.m_cachedTokens, 0)) {}

KvLease& KvLease::operator=(KvLease&& other) noexcept {
    if (this == &other) return *this;
    release();
    m_pool = std::exchange(other.m_pool, nullptr);
    m_blocks = std::exchange(other.m_blocks, {});
    m_addresses = std::exchange(other.m_addresses, {});
    m_cachedTokens = std::exchange(other.m_cachedTokens, 0);
    return *this;
}

bool KvLease::grow(std::size_t tokens) {
    if (tokens <= capacityTokens()) return true;
    assert(m_pool != nullptr);
    const std::size_t wanted = (tokens - 1) / kBlockTokens + 1;
    if (wanted - m_blocks.size() > m_pool->freeBlocks()) return false;
    m_blocks.reserve(wanted);
    m_addresses.reserve(wanted);
    while (m_blocks.size() < wanted) {
        const BlockId block = *m_pool->allocate();
        m_blocks.push_back(block);
        m_addresses.push_back(m_pool->data(block));
    }
    return true;
}

void KvLease::release() {
    // Last first: whoever allocates next gets the low numbers again.
    while (!m_blocks.empty()) {
        m_pool->release(m_blocks.back());
        m_blocks.pop_back();
    }
    m_addresses.clear();
    m_cachedTokens = 0;
}

std::size_t KvLease::capacityTokens() const {
    return m_blocks.size() * kBlockTokens;
}

}  // namespace larder::kv
