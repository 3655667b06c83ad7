#include "engine/text/token_trie.h"

#include <algorithm>

#include "engine/base/guarded.h"
#include "engine/base/utf8.h"

namespace larder::text {

namespace {

constexpr std::string_view kCallMarkers[] = {"<tool_call>", "</tool_call>"};
constexpr unsigned char kFirstMarkerByte = 0xf8;  // from here on no byte is UTF-8

using SpelledToken = std::pair<std::string_view, TokenId>;

std::uint8_t trieByte(std::string_view bytes, std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); }

ByteTrie trieOf(std::span<const SpelledToken> sorted) {
    ByteTrie trie;
    std::vector<std::uint32_t> path;  // the nodes that lead to the last entry
    std::string_view last;
    const auto closeTo = [&](std::size_t depth) {
        for (; path.size() > depth; path.pop_back())
            trie.nodes[path.back()].end = static_cast<std::uint32_t>(trie.nodes.size());
    };
    for (const auto& [bytes, token] : sorted) {
        const auto common = static_cast<std::size_t>(std::ranges::mismatch(last, bytes).in1 - last.begin());
        closeTo(common);
        for (std::size_t i = common; i < bytes.size(); ++i) {
            path.push_back(static_cast<std::uint32_t>(trie.nodes.size()));
            trie.nodes.push_back({.end = 0, .firstToken = static_cast<std::uint32_t>(trie.tokens.size()), .byte = trieByte(bytes, i)});
        }
        trie.tokens.push_back(token);
        last = bytes;
    }
    closeTo(0);
    trie.nodes.push_back({.end = 0, .firstToken = static_cast<std::uint32_t>(trie.tokens.size()), .byte = 0});
    return trie;
}

bool isPlain(std::string_view bytes) {
    const auto special = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
    return std::ranges::none_of(bytes, special) && base::isUtf8(bytes);
}

struct KnownTrie {
    std::weak_ptr<const Tokenizer> tokenizer;
    std::weak_ptr<const TokenTrie> trie;
};

}  // namespace

TokenTrie::TokenTrie(std::shared_ptr<const Tokenizer> tokenizer) : m_tokenizer(std::move(tokenizer)) {
    addMarkers();
    build();
}

void TokenTrie::addMarkers() {
    for (const std::string_view text : kCallMarkers) {
        const auto token = m_tokenizer->find(text);
        if (!token || !m_tokenizer->isControl(*token)) continue;
        const auto byte = static_cast<char>(kFirstMarkerByte + m_markers.size());
        m_markers.push_back({.token = *token, .text = std::string(text), .spelling = std::string(1, byte)});
    }
}

void TokenTrie::build() {
    const std::size_t vocabulary = m_tokenizer->vocabulary();
    std::vector<SpelledToken> entries;
    entries.reserve(vocabulary);
    for (std::size_t i = 0; i < vocabulary; ++i) {
        const auto token = static_cast<TokenId>(i);
        if (const std::string_view bytes = spelling(token); !bytes.empty()) entries.emplace_back(bytes, token);
    }
    std::ranges::sort(entries);
    m_all = trieOf(entries);
    for (const auto& [bytes, token] : entries)
        if (bytes.size() == 1) m_single.set(trieByte(bytes, 0));
    m_completesUtf8 = true;
    for (std::size_t byte = 0x80; byte < 0xc0; ++byte) m_completesUtf8 = m_completesUtf8 && m_single.test(byte);

    m_plain.assign((vocabulary + 63) / 64, 0);
    for (const auto& [bytes, token] : entries)
        if (isPlain(bytes)) m_plain[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1} << (token % 64);
    std::erase_if(entries, [](const SpelledToken& entry) { return isPlain(entry.first); });
    m_notPlain = trieOf(entries);
}

Expected<std::shared_ptr<const TokenTrie>> TokenTrie::of(const std::shared_ptr<const Tokenizer>& tokenizer) {
    static base::Guarded<std::vector<KnownTrie>> known;
    auto trie = known.with([&](std::vector<KnownTrie>& all) {
        std::erase_if(all, [](const KnownTrie& each) { return each.trie.expired(); });
        const auto found = std::ranges::find_if(all, [&](const KnownTrie& each) { return each.tokenizer.lock() == tokenizer; });
        return found == all.end() ? nullptr : found->trie.lock();
    });
    if (trie) return trie;
    trie.reset(new TokenTrie(tokenizer));  // two may do so at once: one too many, and no harm
    for (char byte = 0x20; byte < 0x7f; ++byte) {
        if (trie->m_single.test(static_cast<unsigned char>(byte))) continue;
        return Error{ErrorCode::Unsupported, "answers cannot be kept to a schema: the model's vocabulary has no token for '" +
                                                 std::string(1, byte) + "' alone"};
    }
    known.with([&](std::vector<KnownTrie>& all) { all.push_back({tokenizer, trie}); });
    return trie;
}

std::string_view TokenTrie::spelling(TokenId token) const {
    for (const Marker& marker : m_markers)
        if (marker.token == token) return marker.spelling;
    const std::string_view bytes = m_tokenizer->bytes(token);
    return !bytes.empty() && std::ranges::none_of(bytes, [](char c) { return static_cast<unsigned char>(c) >= kFirstMarkerByte; }) ? bytes : "";
}

std::string TokenTrie::spelled(std::string text) const {
    for (const Marker& marker : m_markers) {
        for (std::size_t at = text.find(marker.text); at != std::string::npos; at = text.find(marker.text, at + 1))
            text.replace(at, marker.text.size(), marker.spelling);
    }
    return text;
}

bool TokenTrie::canSpell(std::string_view text) const {
    return std::ranges::all_of(text, [this](char c) { return m_single.test(static_cast<unsigned char>(c)); });
}

}  // namespace larder::text
