// Finds the tokens that are recognised as a whole before BPE: control tokens (only where the template wrote them) and
// user-defined ones (anywhere; they mark no role). Leftmost first, the longest where several begin. Immutable: any
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/types.h"

namespace larder::text {

// A stretch [first, last) of a text.
struct TextRange {
    std::size_t first = 0;
    std::size_t last = 0;
};

struct SpecialSpot {
    TextRange range;
    TokenId token = 0;
};

// A set of strings sorted by their bytes, matched by narrowing the range that shares a prefix.
class TokenMatcher {
public:
    struct Entry {
        std::string_view text;  // not empty
        TokenId token = 0;
    };
    // The views outlive the matcher. Time per place is bounded by the longest text.
    explicit TokenMatcher(std::vector<Entry> entries);

    bool empty() const { return m_entries.empty(); }
    // Appends the spots inside the range; none overlap.
    void find(std::string_view text, TextRange range, std::vector<SpecialSpot>& out) const;

private:
    const Entry* longestAt(std::string_view rest) const;

    std::vector<Entry> m_entries;
    std::array<std::pair<std::size_t, std::size_t>, 256> m_byFirstByte{};  // ranges of m_entries
};

class SpecialTokens {
public:
    SpecialTokens(std::vector<TokenMatcher::Entry> control, std::vector<TokenMatcher::Entry> userDefined);

    // Spots in order. Control tokens lie wholly inside one of the trusted ranges (in order, apart from each other).
    // User-defined tokens fill what is between: text around a trusted range never changes which control tokens it
    // holds.
    std::vector<SpecialSpot> find(std::string_view text, std::span<const TextRange> trusted) const;
    // The control tokens alone. What stands before one never changes what is found behind its beginning.
    std::vector<SpecialSpot> findControl(std::string_view text, std::span<const TextRange> trusted) const;

private:
    TokenMatcher m_userDefined;
    TokenMatcher m_all;
    std::vector<bool> m_isControl;  // by token id
};

}  // namespace larder::text
