// String -> token id, built once: open addressing over views, faster to ask than a node map. One writer, then any
// thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/types.h"

namespace larder::text {

class TokenIndex {
public:
    // Takes up to capacity strings.
    explicit TokenIndex(std::size_t capacity);

    // The view outlives the index. false, and nothing changes, if the string is there already.
    bool insert(std::string_view key, TokenId token);
    std::optional<TokenId> find(std::string_view key) const;

private:
    struct Slot {
        std::string_view key;
        TokenId token = -1;  // -1: free
    };
    std::size_t slotOf(std::string_view key) const;

    std::vector<Slot> m_slots;  // a power of two, at most half full
    std::size_t m_used = 0;
};

}  // namespace larder::text
