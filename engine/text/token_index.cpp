#include "engine/text/token_index.h"

#include <bit>
#include <cassert>
#include <functional>

namespace larder::text {

TokenIndex::TokenIndex(std::size_t capacity) : m_slots(std::bit_ceil(2 * capacity + 2)) {}

// The slot that holds the key, or the free one where it belongs.
std::size_t TokenIndex::slotOf(std::string_view key) const {
    const std::size_t mask = m_slots.size() - 1;
    std::size_t slot = std::hash<std::string_view>{}(key)&mask;
    while (m_slots[slot].token >= 0 && m_slots[slot].key != key) slot = (slot + 1) & mask;
    return slot;
}

bool TokenIndex::insert(std::string_view key, TokenId token) {
    assert(token >= 0 && 2 * m_used < m_slots.size());
    Slot& slot = m_slots[slotOf(key)];
    if (slot.token >= 0) return false;
    slot = {key, token};
    ++m_used;
    return true;
}

std::optional<TokenId> TokenIndex::find(std::string_view key) const {
    const Slot& slot = m_slots[slotOf(key)];
    if (slot.token < 0) return std::nullopt;
    return slot.token;
}

}  // namespace larder::text
