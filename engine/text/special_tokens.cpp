#include "engine/text/special_tokens.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace larder::text {
namespace {

unsigned char byteAt(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

std::vector<TokenMatcher::Entry> joined(std::vector<TokenMatcher::Entry> entries,
                                        const std::vector<TokenMatcher::Entry>& more) {
    entries.insert(entries.end(), more.begin(), more.end());
    return entries;
}

}  // namespace

TokenMatcher::TokenMatcher(std::vector<Entry> entries) : m_entries(std::move(entries)) {
    std::ranges::sort(m_entries, {}, &Entry::text);  // char_traits compare as unsigned bytes
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        auto& [first, last] = m_byFirstByte[byteAt(m_entries[i].text, 0)];
        if (last == 0) first = i;
        last = i + 1;
    }
}

const TokenMatcher::Entry* TokenMatcher::longestAt(std::string_view rest) const {
    auto [first, last] = m_byFirstByte[byteAt(rest, 0)];
    const Entry* longest = nullptr;
    for (std::size_t depth = 1; first < last; ++depth) {
        // [first, last) are the entries that begin with rest's first `depth` bytes; a complete one sorts first.
        if (m_entries[first].text.size() == depth) longest = &m_entries[first++];
        if (depth == rest.size()) break;
        const auto byteOf = [depth](const Entry& entry) { return byteAt(entry.text, depth); };
        const auto begin = m_entries.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = m_entries.begin() + static_cast<std::ptrdiff_t>(last);
        const unsigned char byte = byteAt(rest, depth);
        first = static_cast<std::size_t>(std::ranges::lower_bound(begin, end, byte, {}, byteOf) - m_entries.begin());
        last = static_cast<std::size_t>(std::ranges::upper_bound(begin, end, byte, {}, byteOf) - m_entries.begin());
    }
    return longest;
}

void TokenMatcher::find(std::string_view text, TextRange range, std::vector<SpecialSpot>& out) const {
    if (m_entries.empty()) return;
    for (std::size_t at = range.first; at < range.last;) {
        const Entry* entry = longestAt(text.substr(at, range.last - at));
        if (entry == nullptr) {
            ++at;
            continue;
        }
        out.push_back({{at, at + entry->text.size()}, entry->token});
        at += entry->text.size();
    }
}

SpecialTokens::SpecialTokens(std::vector<TokenMatcher::Entry> control, std::vector<TokenMatcher::Entry> userDefined)
    : m_userDefined(userDefined), m_all(joined(std::move(userDefined), control)) {
    for (const TokenMatcher::Entry& entry : control) {
        const auto id = static_cast<std::size_t>(entry.token);
        if (id >= m_isControl.size()) m_isControl.resize(id + 1);
        m_isControl[id] = true;
    }
}

std::vector<SpecialSpot> SpecialTokens::findControl(std::string_view text, std::span<const TextRange> trusted) const {
    // Both kinds compete for the longest here, as they do in the tokenizers the models were trained with.
    std::vector<SpecialSpot> control;
    for (const TextRange& range : trusted) m_all.find(text, range, control);
    std::erase_if(control, [&](const SpecialSpot& spot) {
        const auto id = static_cast<std::size_t>(spot.token);
        return id >= m_isControl.size() || !m_isControl[id];
    });
    return control;
}

std::vector<SpecialSpot> SpecialTokens::find(std::string_view text, std::span<const TextRange> trusted) const {
    // First what is fixed: the control tokens of trusted text.
    std::vector<SpecialSpot> control = findControl(text, trusted);
    if (m_userDefined.empty()) return control;
    std::vector<SpecialSpot> spots;
    std::size_t end = 0;
    for (const SpecialSpot& spot : control) {
        m_userDefined.find(text, {end, spot.range.first}, spots);
        spots.push_back(spot);
        end = spot.range.last;
    }
    m_userDefined.find(text, {end, text.size()}, spots);
    return spots;
}

}  // namespace larder::text
