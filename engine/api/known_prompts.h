// The prompts this server has read lately, with their answers, as token ids, and which of them a new one begins like. Bounded
// in bytes: the least recently used go. A prompt that a later one wholly contains is kept as a mark in that one only.
// One thread at a time (RequestBook's lock).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/types.h"

namespace larder::api {

// One hash for each 64 tokens, over all tokens up to there: equal means that everything before is equal, too.
std::vector<std::uint64_t> hashBlocks(std::span<const TokenId> ids);

enum class KnownState { Running, Whole, Stopped };  // Stopped: it ended before all of its prompt was computed

// What the known prompts of a model say about another one.
struct ClosestPrompt {
    std::uint64_t number = 0;         // of the request; 0: nothing of it is known
    std::size_t sharedTokens = 0;     // leading ones in common
    std::size_t tokens = 0;           // of the known one, its answer included
    bool isWhole = false;             // all of the known one is shared
    KnownState state = KnownState::Whole;
    std::size_t computedTokens = 0;   // of the shared ones: computed by any request, this or another
    std::size_t keptTokens = 0;       // of those: by requests that let them be kept
    std::vector<TokenId> knownIds;    // the first that the known one has behind the shared ones
};

class KnownPrompts {
public:
    explicit KnownPrompts(std::size_t mostBytes) : m_mostBytes(mostBytes) {}

    // At most knownIds ids are copied. 200 prompts of 50,000 tokens take about 0.1 ms. Marks what is found as used.
    ClosestPrompt findClosest(const std::string& model, std::span<const TokenId> ids, std::span<const std::uint64_t> blocks,
                              std::size_t knownIds);

    // A prompt that is being computed from now on. Each number once.
    void add(std::uint64_t number, const std::string& model, std::vector<TokenId> ids, std::vector<std::uint64_t> blocks);
    // The next two do nothing for one that had to go meanwhile.
    void compute(std::uint64_t number, std::size_t computedTokens, std::size_t keptTokens);
    // With its answer and the token that stopped it, which the next prompt need not have; one of which nothing was computed
    // is forgotten.
    void end(std::uint64_t number, std::span<const TokenId> answer, std::optional<TokenId> stopToken, KnownState state);

    std::size_t count() const { return m_known.size(); }
    std::size_t bytes() const { return m_bytes; }

private:
    struct End {
        std::size_t tokens = 0;
        std::uint64_t number = 0;
    };
    struct Known {
        std::uint64_t number = 0;
        std::string model;
        std::vector<TokenId> ids;
        std::vector<std::uint64_t> blocks;
        KnownState state = KnownState::Running;
        std::size_t computed = 0;
        std::size_t kept = 0;
        std::vector<End> ends;        // of those it contains, its own last
        std::uint64_t lastUse = 0;

        std::size_t bytes() const;
    };

    Known* find(std::uint64_t number);
    static std::size_t shared(const Known& known, std::span<const TokenId> ids, std::span<const std::uint64_t> blocks);
    static void take(Known& longer, const Known& shorter);
    void mergeContained(std::uint64_t number);
    void forget(std::uint64_t number);
    void makeRoom();

    std::size_t m_mostBytes;
    std::size_t m_bytes = 0;
    std::uint64_t m_uses = 0;
    std::vector<Known> m_known;       // by number
};

}  // namespace larder::api
