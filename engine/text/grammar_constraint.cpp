#include "engine/text/grammar_constraint.h"

#include <algorithm>
#include <cassert>

namespace larder::text {

namespace {

constexpr std::size_t kMostContainers = 4096;  // that are closed again are kept in memory

void setBit(std::span<std::uint64_t> mask, TokenId token, bool on) {
    const std::size_t word = static_cast<std::size_t>(token) / 64;
    if (token < 0 || word >= mask.size()) return;
    const std::uint64_t bit = std::uint64_t{1} << (token % 64);
    mask[word] = on ? mask[word] | bit : mask[word] & ~bit;
}

}  // namespace

GrammarConstraint::GrammarConstraint(GrammarConstraintSettings settings)
    : m_settings(std::move(settings)),
      m_reader(m_settings.grammar),
      m_state(m_reader.start()),
      m_free(!m_settings.startAfter.empty()) {
    assert(!m_settings.stopTokens.empty());
}

void GrammarConstraint::allowed(std::span<std::uint64_t> mask) {
    std::ranges::fill(mask, 0);
    if (GrammarReader::inPlainString(m_state)) {
        const auto plain = m_settings.trie->plain();
        std::copy_n(plain.begin(), std::min(plain.size(), mask.size()), mask.begin());
        walk(m_settings.trie->notPlain(), mask);
    } else {
        walk(m_settings.trie->all(), mask);
    }
    const bool mayEnd = m_reader.mayEnd(m_state);
    for (const TokenId token : m_settings.stopTokens) setBit(mask, token, mayEnd);
}

// Depth first; what cannot go on is left with all that begins like it.
void GrammarConstraint::walk(const ByteTrie& trie, std::span<std::uint64_t> mask) {
    const GrammarReader::Mark before = m_reader.mark();
    const auto size = static_cast<std::uint32_t>(trie.size());
    m_path.assign(1, {.state = m_state, .end = size, .mark = before});
    for (std::uint32_t i = 0; i < size;) {
        while (i >= m_path.back().end) m_path.pop_back();
        m_reader.forgetSince(m_path.back().mark);
        const ByteTrie::Node& node = trie.nodes[i];
        GrammarReader::State state = m_path.back().state;
        if (!m_reader.step(state, node.byte)) {
            i = node.end;
            continue;
        }
        const std::uint32_t lastToken = trie.nodes[i + 1].firstToken;
        if (node.firstToken < lastToken && mayStopAt(state))
            for (std::uint32_t token = node.firstToken; token < lastToken; ++token) setBit(mask, trie.tokens[token], true);
        ++i;
        if (i < node.end) m_path.push_back({.state = state, .end = node.end, .mark = m_reader.mark()});
    }
    m_reader.forgetSince(before);
}

bool GrammarConstraint::mayStopAt(const GrammarReader::State& state) const {
    return m_settings.trie->completesUtf8() || !GrammarReader::inCharacter(state);
}

void GrammarConstraint::accept(TokenId token) {
    if (m_free) return acceptFree(token);
    [[maybe_unused]] const bool fits = acceptBytes(m_settings.trie->spelling(token));
    assert(fits);
}

void GrammarConstraint::acceptFree(TokenId token) {
    const std::string_view bytes = m_settings.tokenizer->bytes(token);
    m_tail += bytes.empty() ? m_settings.tokenizer->text(token) : bytes;
    const std::string& marker = m_settings.startAfter;
    if (const std::size_t at = m_tail.find(marker); at != std::string::npos) {
        m_free = false;
        acceptBytes(std::string_view(m_tail).substr(at + marker.size()));
        m_tail.clear();
    } else if (m_tail.size() >= marker.size()) {
        m_tail.erase(0, m_tail.size() - marker.size() + 1);
    }
}

// False: the state is as far as it fits.
bool GrammarConstraint::acceptBytes(std::string_view bytes) {
    for (const char byte : bytes) {
        GrammarReader::State next = m_state;
        if (!m_reader.step(next, static_cast<std::uint8_t>(byte))) return false;
        m_state = next;
    }
    if (m_reader.mark().containers > kMostContainers) m_reader.keepOnly(m_state);
    return true;
}

}  // namespace larder::text
