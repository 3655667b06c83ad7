#include "engine/records/replay_memory.h"

#include <iterator>
#include <utility>

namespace larder::records {
namespace {

constexpr std::size_t kBytesAPlace = 300;  // list, map, two strings, a shared record

}  // namespace

std::size_t memoryBytes(const ReplayRecord& record) {
    return sizeof(record) + record.message.capacity() + record.tokens.capacity() * sizeof(TokenId);
}

ReplayMemory::Entry* ReplayMemory::find(std::string_view key) {
    const auto known = m_byKey.find(key);
    if (known == m_byKey.end()) return nullptr;
    m_places.splice(m_places.begin(), m_places, known->second);
    return &known->second->entry;
}

void ReplayMemory::put(const std::string& key, Entry entry) {
    if (const auto known = m_byKey.find(key); known != m_byKey.end()) remove(known->second);
    const std::size_t bytes = kBytesAPlace + key.size() + (entry.record ? memoryBytes(*entry.record) : 0);
    m_places.push_front({key, std::move(entry), bytes});
    m_byKey.emplace(m_places.front().key, m_places.begin());
    m_bytes += bytes;
    while (m_bytes > m_maxBytes) remove(std::prev(m_places.end()));
}

void ReplayMemory::clear() {
    m_byKey.clear();
    m_places.clear();
    m_bytes = 0;
}

void ReplayMemory::remove(std::list<Place>::iterator place) {
    m_bytes -= place->bytes;
    m_byKey.erase(place->key);
    m_places.erase(place);
}

}  // namespace larder::records
