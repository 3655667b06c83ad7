#include "engine/text/encoding_memory.h"

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace larder::text {
namespace {

std::uint64_t randomSeed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

// A stretch of one segment.
struct Stretch {
    std::string_view text;
    bool trusted = false;
};
using Piece = std::vector<Stretch>;

std::vector<Piece> cut(std::span<const TextSegment> segments, const std::vector<std::size_t>& places) {
    std::vector<Piece> pieces(1);
    auto place = places.begin();
    std::size_t start = 0;  // of the segment
    for (const TextSegment& segment : segments) {
        std::string_view rest = segment.text;
        const std::size_t end = start + rest.size();
        for (; place != places.end() && *place < end; ++place) {
            const std::size_t length = *place - (end - rest.size());
            if (length > 0) pieces.back().push_back({rest.substr(0, length), segment.trusted});
            rest.remove_prefix(length);
            if (!pieces.back().empty()) pieces.emplace_back();
        }
        if (!rest.empty()) pieces.back().push_back({rest, segment.trusted});
        start = end;
    }
    if (pieces.back().empty()) pieces.pop_back();
    return pieces;
}

void appendNumber(std::string& out, std::uint64_t value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

base::Hash128 keyOf(const Piece& piece, const base::Hash128& tokenizer, std::uint64_t seed, std::string& buffer) {
    buffer.clear();
    appendNumber(buffer, tokenizer.low);
    appendNumber(buffer, tokenizer.high);
    for (const Stretch& stretch : piece) {
        appendNumber(buffer, 2 * stretch.text.size() + (stretch.trusted ? 1 : 0));
        buffer += stretch.text;
    }
    return base::hash128(std::as_bytes(std::span(buffer)), seed);
}

std::vector<TokenId> tokensOf(const Tokenizer& tokenizer, const Piece& piece) {
    std::vector<TextSegment> segments;
    for (const Stretch& stretch : piece) segments.push_back({std::string(stretch.text), stretch.trusted});
    return tokenizer.encode(segments);
}

// What an entry takes, about: the tokens, the nodes of list and map with their allocations.
std::size_t bytesOf(const std::vector<TokenId>& tokens) {
    return tokens.size() * sizeof(TokenId) + 200;
}

}  // namespace

EncodingMemory::EncodingMemory(std::size_t maxBytes) : m_maxBytes(maxBytes), m_seed(randomSeed()) {}

std::vector<TokenId> EncodingMemory::encode(const Tokenizer& tokenizer, std::span<const TextSegment> segments) {
    const base::Hash128 digest = tokenizer.digest();
    std::vector<TokenId> out;
    std::string buffer;
    for (const Piece& piece : cut(segments, tokenizer.controlPlaces(segments))) {
        const base::Hash128 key = keyOf(piece, digest, m_seed, buffer);
        Tokens tokens = find(key);
        if (!tokens) {
            tokens = std::make_shared<const std::vector<TokenId>>(tokensOf(tokenizer, piece));
            keep(key, tokens);
        }
        out.insert(out.end(), tokens->begin(), tokens->end());
    }
    return out;
}

EncodingMemory::Counts EncodingMemory::counts() const {
    return m_state.with([](const State& state) { return state.counts; });
}

EncodingMemory::Tokens EncodingMemory::find(const base::Hash128& key) {
    return m_state.with([&](State& state) -> Tokens {
        const auto known = state.byKey.find(key);
        if (known == state.byKey.end()) {
            ++state.counts.made;
            return nullptr;
        }
        ++state.counts.known;
        state.entries.splice(state.entries.begin(), state.entries, known->second);
        return known->second->tokens;
    });
}

void EncodingMemory::keep(const base::Hash128& key, Tokens tokens) {
    const std::size_t bytes = bytesOf(*tokens);
    if (bytes > m_maxBytes) return;
    m_state.with([&](State& state) {
        if (state.byKey.contains(key)) return;  // another thread was first
        while (state.counts.bytes + bytes > m_maxBytes) {
            const Entry& oldest = state.entries.back();
            state.counts.bytes -= bytesOf(*oldest.tokens);
            state.byKey.erase(oldest.key);
            state.entries.pop_back();
        }
        state.entries.push_front({key, std::move(tokens)});
        state.byKey.emplace(key, state.entries.begin());
        state.counts.bytes += bytes;
    });
}

}  // namespace larder::text
