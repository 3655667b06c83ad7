#include "engine/text/bpe.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <functional>
#include <utility>

namespace larder::text {
namespace {

// Up to this many bytes a scan over all ranks beats a queue.
constexpr std::size_t kShortBytes = 48;

// A symbol of a long piece. Neighbours are linked; a joined symbol lives on in its left part, the right part's token
// becomes -1.
struct Symbol {
    TokenId token = 0;
    std::uint32_t previous = 0;
    std::uint32_t next = 0;
};

// Merges that may be done, lowest rank first, then leftmost. Entries are rank << 32 | position of the left symbol and
// are not taken out when their place changes: whoever takes one checks that the pair there still has that rank.
class MergeQueue {
public:
    void reserve(std::size_t entries) { m_entries.reserve(entries); }
    // Any number of these, then arrange(), then push() and pop().
    void add(std::uint32_t rank, std::uint32_t at) { m_entries.push_back((std::uint64_t{rank} << 32) | at); }
    void arrange() { std::make_heap(m_entries.begin(), m_entries.end(), std::greater<>()); }

    void push(std::uint32_t rank, std::uint32_t at) {
        add(rank, at);
        std::push_heap(m_entries.begin(), m_entries.end(), std::greater<>());
    }
    bool empty() const { return m_entries.empty(); }
    std::pair<std::uint32_t, std::uint32_t> pop() {
        std::pop_heap(m_entries.begin(), m_entries.end(), std::greater<>());
        const std::uint64_t entry = m_entries.back();
        m_entries.pop_back();
        return {static_cast<std::uint32_t>(entry >> 32), static_cast<std::uint32_t>(entry)};
    }

private:
    std::vector<std::uint64_t> m_entries;  // a heap
};

std::uint64_t pairKey(TokenId left, TokenId right) {
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
}

}  // namespace

BytePairEncoder::BytePairEncoder(const std::array<TokenId, 256>& byteTokens, std::span<const Merge> merges)
    : m_byteTokens(byteTokens), m_slots(std::bit_ceil(2 * merges.size() + 2)) {
    assert(merges.size() < kNoRank / 2);
    m_shift = 64 - std::countr_zero(m_slots.size());
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
        const Merge& merge = merges[rank];
        // slotOf finds the free slot where the pair belongs.
        auto& slot = const_cast<Slot&>(slotOf(merge.left, merge.right));
        if (slot.rank != kNoRank) continue;
        slot = {pairKey(merge.left, merge.right), static_cast<std::uint32_t>(rank), merge.merged};
    }
}

const BytePairEncoder::Slot& BytePairEncoder::slotOf(TokenId left, TokenId right) const {
    const std::uint64_t pair = pairKey(left, right);
    std::uint64_t hash = pair * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
    std::size_t slot = static_cast<std::size_t>((hash * 0xd6e8feb86659fd93) >> m_shift);
    while (m_slots[slot].rank != kNoRank && m_slots[slot].pair != pair) slot = (slot + 1) & (m_slots.size() - 1);
    return m_slots[slot];
}

void BytePairEncoder::encode(std::string_view piece, std::vector<TokenId>& out) const {
    if (piece.size() <= kShortBytes)
        encodeShort(piece, out);
    else
        encodeLong(piece, out);
}

void BytePairEncoder::encodeShort(std::string_view piece, std::vector<TokenId>& out) const {
    std::array<TokenId, kShortBytes + 1> tokens;
    std::array<std::uint32_t, kShortBytes + 1> ranks;  // of tokens i and i + 1
    std::size_t count = 0;
    for (const char byte : piece) {
        const TokenId token = m_byteTokens[static_cast<unsigned char>(byte)];
        if (token >= 0) tokens[count++] = token;
    }
    if (count == 0) return;
    for (std::size_t i = 0; i + 1 < count; ++i) ranks[i] = rankOf(tokens[i], tokens[i + 1]);
    while (count > 1) {
        std::size_t best = 0;
        for (std::size_t i = 1; i + 1 < count; ++i) {
            if (ranks[i] < ranks[best]) best = i;
        }
        if (ranks[best] == kNoRank) break;
        tokens[best] = slotOf(tokens[best], tokens[best + 1]).merged;
        std::copy(tokens.begin() + best + 2, tokens.begin() + count, tokens.begin() + best + 1);
        std::copy(ranks.begin() + best + 1, ranks.begin() + count - 1, ranks.begin() + best);
        --count;
        if (best > 0) ranks[best - 1] = rankOf(tokens[best - 1], tokens[best]);
        if (best + 1 < count) ranks[best] = rankOf(tokens[best], tokens[best + 1]);
    }
    out.insert(out.end(), tokens.begin(), tokens.begin() + count);
}

void BytePairEncoder::encodeLong(std::string_view piece, std::vector<TokenId>& out) const {
    assert(piece.size() < kNoRank);  // positions are 32 bits to keep the queue small
    std::vector<Symbol> symbols;
    symbols.reserve(piece.size());
    for (const char byte : piece) {
        const TokenId token = m_byteTokens[static_cast<unsigned char>(byte)];
        const auto at = static_cast<std::uint32_t>(symbols.size());
        if (token >= 0) symbols.push_back({token, at - 1, at + 1});
    }
    if (symbols.empty()) return;
    const auto end = static_cast<std::uint32_t>(symbols.size());

    const auto rankAt = [&](std::uint32_t at) { return rankOf(symbols[at].token, symbols[symbols[at].next].token); };
    MergeQueue queue;
    queue.reserve(symbols.size());
    for (std::uint32_t at = 0; at + 1 < end; ++at) {
        if (const std::uint32_t rank = rankAt(at); rank != kNoRank) queue.add(rank, at);
    }
    queue.arrange();
    while (!queue.empty()) {
        const auto [rank, at] = queue.pop();
        Symbol& left = symbols[at];
        if (left.token < 0 || left.next >= end) continue;
        const Slot& slot = slotOf(left.token, symbols[left.next].token);
        if (slot.rank != rank) continue;
        left.token = slot.merged;
        symbols[left.next].token = -1;
        left.next = symbols[left.next].next;
        if (left.next < end) symbols[left.next].previous = at;
        for (const std::uint32_t changed : {left.previous, at}) {
            if (changed >= end || symbols[changed].next >= end) continue;  // before the first, or the last
            if (const std::uint32_t newRank = rankAt(changed); newRank != kNoRank) queue.push(newRank, changed);
        }
    }
    for (std::uint32_t at = 0; at < end; at = symbols[at].next) out.push_back(symbols[at].token);
}

}  // namespace larder::text
