// Byte pair encoding of one piece of text: starting from its bytes, the neighbours whose merge ranks first are joined
// until none can be (leftmost first among equals). O(n log n) in the bytes of the piece. Immutable: any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/types.h"

namespace larder::text {

class BytePairEncoder {
public:
    struct Merge {
        TokenId left = 0;
        TokenId right = 0;
        TokenId merged = 0;
    };
    // byteTokens: -1 where the vocabulary has no token for a byte; such bytes are left out of the encoding, as no id
    // can stand for them. merges: in order of rank; of two for one pair the first counts. Fewer than 2^31.
    BytePairEncoder(const std::array<TokenId, 256>& byteTokens, std::span<const Merge> merges);

    // Appends the piece's tokens.
    void encode(std::string_view piece, std::vector<TokenId>& out) const;

private:
    static constexpr std::uint32_t kNoRank = 0xffffffff;
    struct Slot {
        std::uint64_t pair = 0;
        std::uint32_t rank = kNoRank;  // kNoRank: free
        TokenId merged = 0;
    };
    const Slot& slotOf(TokenId left, TokenId right) const;
    std::uint32_t rankOf(TokenId left, TokenId right) const { return slotOf(left, right).rank; }
    void encodeShort(std::string_view piece, std::vector<TokenId>& out) const;
    void encodeLong(std::string_view piece, std::vector<TokenId>& out) const;

    std::array<TokenId, 256> m_byteTokens;
    std::vector<Slot> m_slots;  // open addressing; a power of two, at most half full
    int m_shift = 0;            // hash -> slot
};

}  // namespace larder::text
