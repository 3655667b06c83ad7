// The prompts that were read lately, by this server or by those before it, with their answers, as token ids, and which of them a
// new one begins like. Bounded in bytes: the least recently used go. A prompt that a later one wholly contains is kept as a mark
// in that one only. One thread at a time (RequestBook's lock).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/records/prompt_file.h"
#include "engine/types.h"

namespace larder::api {

// One hash for each 64 tokens, over all tokens up to there: equal means that everything before is equal, too.
std::vector<std::uint64_t> hashBlocks(std::span<const TokenId> ids);

using KnownState = records::PromptState;

// Whose tokens: a model by its name, and by what tells one file of that name from another.
struct PromptModel {
    std::string name;
    std::uint64_t content = 0;
    bool operator==(const PromptModel&) const = default;
};

// How a known prompt came through the end of the server that knew it.
struct EarlierServer {
    bool diskWasOn = false;           // what was kept could be written
    bool endedCleanly = false;        // and there was time for it
};

// What the known prompts of a model say about another one.
struct ClosestPrompt {
    bool isFound = false;
    std::uint64_t number = 0;         // of the request; 0: none, or one of an earlier server
    bool isEarlier = false;           // an earlier server read it, and nobody since
    std::size_t sharedTokens = 0;     // leading ones in common
    std::size_t tokens = 0;           // of the known one, its answer included
    bool isWhole = false;             // all of the known one is shared
    KnownState state = KnownState::Whole;
    bool isCutOff = false;            // its server died while it was computed: a little more may have been done
    std::size_t computedTokens = 0;   // of the shared ones: computed by any request, this or another
    std::size_t keptTokens = 0;       // of those: by requests that let them be kept
    std::size_t keptNowTokens = 0;    // of those: by requests to this server
    EarlierServer earlier;            // of the others
    std::vector<TokenId> knownIds;    // the first that the known one has behind the shared ones
};

class KnownPrompts {
public:
    static constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::int64_t>::max();

    explicit KnownPrompts(std::size_t mostBytes) : m_mostBytes(mostBytes) {}

    // Those of earlier servers, the latest of them as far as there is room.
    KnownPrompts(std::size_t mostBytes, std::vector<records::StoredPrompt> earlier);
    // Takes over those, which count as used longer ago than all here.
    void addEarlier(KnownPrompts earlier);

    // At most knownIds ids are copied. 200 prompts of 50,000 tokens take about 0.1 ms. Marks what is found as used. before: only among
    // requests below this number and those to earlier servers.
    ClosestPrompt findClosest(const PromptModel& model, std::span<const TokenId> ids, std::span<const std::uint64_t> blocks,
                              std::size_t knownIds, std::uint64_t before = kAnyNumber);

    // A prompt that is being computed from now on. Each number once.
    void add(std::uint64_t number, const PromptModel& model, std::vector<TokenId> ids, std::vector<std::uint64_t> blocks);
    // The next two do nothing for one that had to go meanwhile.
    void compute(std::uint64_t number, std::size_t computedTokens, std::size_t keptTokens);
    // With its answer and the token that stopped it, which the next prompt need not have; one of which nothing was computed
    // is forgotten. What that means for the prompts on the disk, but for the answer and diskWasOn, which the caller knows.
    struct Ended {
        bool isForgotten = false;
        records::PromptEnd own;                      // contained: by it
        std::optional<records::PromptEnd> longer;    // which contains it
    };
    Ended end(std::uint64_t number, std::span<const TokenId> answer, std::optional<TokenId> stopToken, KnownState state);

    std::size_t count() const { return m_known.size(); }
    std::size_t bytes() const { return m_bytes; }

private:
    using Order = std::int64_t;       // the number of a request to this server; below 0: an earlier one's
    struct End {
        std::size_t tokens = 0;
        std::uint64_t number = 0;     // 0: an earlier server's
    };
    struct Known {
        Order order = 0;
        records::PromptKey key;
        PromptModel model;
        std::vector<TokenId> ids;
        std::vector<std::uint64_t> blocks;
        KnownState state = KnownState::Running;
        std::size_t computed = 0;
        std::size_t kept = 0;
        std::size_t keptNow = 0;
        EarlierServer earlier;
        bool isCutOff = false;
        std::vector<End> ends;        // of those it contains, its own last
        std::int64_t lastUse = 0;

        bool isEarlier() const { return order < 0; }
        std::size_t bytes() const;
    };

    Known* find(Order order);
    static records::PromptEnd stored(const Known& known);
    static std::size_t shared(const Known& known, std::span<const TokenId> ids, std::span<const std::uint64_t> blocks);
    static void take(Known& longer, const Known& shorter);
    void mergeContained(Order order, Ended& ended);
    void forget(Order order);
    void makeRoom();

    std::size_t m_mostBytes;
    std::size_t m_bytes = 0;
    std::int64_t m_uses = 0;
    std::vector<Known> m_known;       // by order
};

}  // namespace larder::api
