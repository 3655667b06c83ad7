// Remembers the tokens of pieces of prompts, so that of a prompt seen before only what is new is tokenised. Pieces are
// cut where control tokens begin, which tokenisation never crosses. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/base/guarded.h"
#include "engine/base/hash.h"
#include "engine/text/tokenizer.h"

namespace larder::text {

class EncodingMemory {
public:
    // Forgets what was not used for longest when it would hold more than that.
    explicit EncodingMemory(std::size_t maxBytes = 32u << 20);

    // Equals tokenizer.encode(segments).
    std::vector<TokenId> encode(const Tokenizer& tokenizer, std::span<const TextSegment> segments);

    struct Counts {
        std::size_t bytes = 0;    // held
        std::uint64_t known = 0;  // pieces whose tokens were remembered
        std::uint64_t made = 0;   // pieces that were tokenised
    };
    Counts counts() const;

private:
    using Tokens = std::shared_ptr<const std::vector<TokenId>>;
    struct Entry {
        base::Hash128 key;
        Tokens tokens;
    };
    struct LowBits {
        std::size_t operator()(const base::Hash128& key) const { return static_cast<std::size_t>(key.low); }
    };
    struct State {
        std::list<Entry> entries;  // the last used first
        std::unordered_map<base::Hash128, std::list<Entry>::iterator, LowBits> byKey;
        Counts counts;
    };

    Tokens find(const base::Hash128& key);
    void keep(const base::Hash128& key, Tokens tokens);

    const std::size_t m_maxBytes;
    const std::uint64_t m_seed;  // so that nobody can prepare a text that is taken for another
    base::Guarded<State> m_state;
};

}  // namespace larder::text
