#include "engine/kv/kv_lease.h"

#include <cassert>
#include <utility>

#include "engine/kv/kv_cache.h"

namespace larder::kv {

KvLease& KvLease::operator=(KvLease&& other) noexcept {
    if (this == &other) return *this;
    release();
    m_cache = other.m_cache;
    m_record = std::move(other.m_record);
    return *this;
}

bool KvLease::grow(std::size_t tokens) {
    assert(m_record);
    return m_cache->grow(*m_record, tokens);
}

void KvLease::commit(std::span<const TokenId> tokens, std::size_t computed) {
    assert(m_record);
    m_cache->commit(*m_record, tokens, computed);
}

void KvLease::keepState(SnapshotKind kind) {
    assert(m_record);
    m_cache->keepState(*m_record, kind);
}

void KvLease::pin(std::size_t tokens) {
    assert(m_record);
    m_cache->pin(*m_record, tokens);
}

void KvLease::release() {
    if (!m_record) return;
    m_cache->release(*m_record);
    m_record.reset();
}

std::span<std::byte* const> KvLease::blocks() const {
    if (!m_record) return {};
    return m_record->addresses.front();
}

std::span<const std::span<std::byte* const>> KvLease::windows() const {
    if (!m_record) return {};
    return m_record->windows;
}

std::byte* KvLease::state() const {
    return m_record ? m_cache->stateOf(*m_record) : nullptr;
}

std::size_t KvLease::capacityTokens() const {
    return m_record ? m_record->nodes.size() * kBlockTokens : 0;
}

}  // namespace larder::kv
