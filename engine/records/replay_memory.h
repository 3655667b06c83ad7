// What a store of replays knows without asking the disk: records, and keys that are nowhere. Bounded in bytes; what was not
// looked at for longest goes first. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/replay.h"

namespace larder::records {

class ReplayMemory {
public:
    struct Entry {
        std::shared_ptr<const ReplayRecord> record;  // null: there is none of this key
        std::int64_t usedHour = 0;                   // as the disk knows it
    };

    explicit ReplayMemory(std::size_t maxBytes) : m_maxBytes(maxBytes) {}

    // Null: not known. Valid until the next call.
    Entry* find(std::string_view key);
    void put(const std::string& key, Entry entry);
    void clear();
    std::size_t bytes() const { return m_bytes; }

private:
    struct Place {
        std::string key;
        Entry entry;
        std::size_t bytes = 0;
    };
    void remove(std::list<Place>::iterator place);

    const std::size_t m_maxBytes;
    std::list<Place> m_places;  // latest use first
    std::unordered_map<std::string_view, std::list<Place>::iterator> m_byKey;  // views into the places
    std::size_t m_bytes = 0;
};

// About what it costs in RAM.
std::size_t memoryBytes(const ReplayRecord& record);

}  // namespace larder::records
