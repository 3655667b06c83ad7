// Where the sampled tokens of answers are kept for later requests (design §5.7): the interface between those who make and
// use the records (engine/text) and those who store them (engine/records).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/types.h"

namespace larder {

// What was sampled for one assistant message.
struct ReplayRecord {
    std::string message;                       // canonical JSON of the message as it was sent to the client
    std::vector<TokenId> tokens;               // sampled, without the token that ended the answer
    std::uint64_t promptBytes = 0;             // length of the rendered text they were sampled after
    std::array<std::uint64_t, 2> promptHash{}; // of that text
};

// Any thread. find() may block for one look at the disk; put() never blocks. Records may be forgotten, the oldest first; a
// failing disk is a miss.
class ReplayStore {
public:
    virtual ~ReplayStore() = default;
    // Keys are made by text/replay and mean nothing here; equal keys: the later put wins.
    virtual std::optional<ReplayRecord> find(const std::string& key) = 0;
    virtual void put(const std::string& key, ReplayRecord record) = 0;
};

}  // namespace larder
