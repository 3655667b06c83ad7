// One request's state: its tokens, how far they are computed, its KV lease and what was reported.
// Engine thread only; owned by the scheduler. There is no prefill and no decode state: a sequence has pending tokens,
// and when the last of them is computed the next one is sampled. So a preempted sequence just starts again at zero.
//
//   [0, computed)              in the KV blocks of the lease
//   [computed, tokens.size())  pending: one while the answer runs, many in a prompt or after preemption
//   [0, promptTokens)          the prompt; what follows is the answer
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/generate/messages.h"
#include "engine/kv/kv_lease.h"
#include "engine/kv/kv_load.h"

namespace larder::generate {

struct Sequence {
    explicit Sequence(Submit message);

    SequenceId id{};
    GenerationRequest request;  // its prompt moved into tokens
    GenerationSink sink;

    std::vector<TokenId> tokens;  // prompt and answer so far
    std::size_t promptTokens = 0;
    std::size_t computed = 0;
    kv::KvLease lease;
    std::optional<kv::KvLoad> load;                // while it waits: what it begins with is being read from the disk
    std::size_t knownBeforeLoad = 0;
    std::size_t loadedUpTo = 0;                    // by the last load
    int loads = 0;                                 // begun since it waits
    DiskLoss diskLoss = DiskLoss::None;            // in any of them
    bool lookedOnDisk = false;                     // there is nothing more to read, as of the last look
    bool background = false;       // runs after the others; until it has waited long, or one that is not follows it
    std::vector<std::pair<SequenceId, std::size_t>> sharedWith;  // leading tokens in common with running ones, once looked up

    std::size_t cachedTokens = 0;                  // of the prompt, found filled at the first admission
    std::size_t followedTokens = 0;                // of those, computed by another while this one waited for it
    std::size_t knownAtStart = 0;                  // of the prompt, filled when it began to follow
    std::size_t loadedTokens = 0;                  // of the cached ones: read from the disk for this request
    std::size_t generated = 0;                     // sampled tokens, a stop token included
    std::optional<TokenId> stopToken;              // the one that ended it
    std::optional<std::size_t> reportedTokens;     // of PrefillProgress
    std::vector<PositionLogprobs> promptLogprobs;  // of positions 1.. so far; survives preemption

    double submittedMs = 0;  // steady clock; 0 = did not happen yet
    double loadedMs = 0;     // the model was there
    double startedMs = 0;    // first chunk begins
    double firstTokenMs = 0;
    double lastTokenMs = 0;

    std::size_t pendingTokens() const { return tokens.size() - computed; }
    bool answering() const { return generated > 0; }
    bool decoding() const { return answering() && pendingTokens() == 1; }  // and not computing again after preemption

    // What is not computed yet and would be wanted from the cache: all but the last token, whose logits are needed;
    // nothing when the logits of every prompt position are.
    std::span<const TokenId> cacheablePrefix() const;

    // The next position at which a recurrent state is worth keeping: a chunk ends there. Past the last: SIZE_MAX.
    std::size_t nextStatePosition() const;

    // Positions that can ever be filled: prompt and answer but for the last token, inside the window.
    std::size_t mostPositions(std::size_t windowTokens) const;

    // Whether the logits at this position (computed in this step) are needed for the prompt's logprobs.
    bool wantsPromptLogprobs(std::size_t position) const;

    // Takes the token sampled after the last one. The reason when it was the last of the answer.
    std::optional<FinishReason> append(TokenId token, std::size_t windowTokens);

    double loadMs() const { return loadedMs > submittedMs ? loadedMs - submittedMs : 0; }  // of the wait

    GenerationFinished summary(FinishReason reason) const;
};

}  // namespace larder::generate
