// One answer being computed: what is asked (GenerationRequest), what comes back (GenerationEvent), and the handle
// whose death cancels it (Generation). Speaks token ids only; text lives in engine/text.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/cache.h"
#include "engine/constraint.h"
#include "engine/error.h"
#include "engine/types.h"

namespace larder {

// Order of application: the request's constraint, logit_bias, penalties, temperature, top_k, top_p, min_p. temperature 0 is greedy.
struct SamplingParams {
    float temperature = 1.0f;          // >= 0
    int topK = 0;                      // 0 = off
    float topP = 1.0f;                 // (0, 1]
    float minP = 0.0f;                 // [0, 1): tokens below minP * max probability are dropped
    float repetitionPenalty = 1.0f;    // > 0; over prompt and answer
    float frequencyPenalty = 0.0f;     // per occurrence in the answer
    float presencePenalty = 0.0f;      // once per token of the answer
    std::vector<std::pair<TokenId, float>> logitBias;
    std::uint64_t seed = 0;            // the draw for the token at position p depends on (seed, p) only
};

// Background requests (titles, summaries that nobody waits for) run after interactive ones. They age: one that has waited
// for half a minute counts as interactive.
enum class Priority { Interactive, Background };

struct GenerationRequest {
    std::string model;                 // a name from Engine::models(), or empty for the default model
    std::vector<TokenId> prompt;       // not empty
    SamplingParams sampling;
    std::size_t maxTokens = 0;         // 0 = up to the window; more than fits ends with FinishReason::Length
    std::vector<TokenId> stopTokens;   // end the answer; not reported as tokens
    int topLogprobs = -1;              // -1: none; n >= 0: the chosen token's and the n likeliest at every position
    bool promptLogprobs = false;       // also for prompt positions 1..; needs topLogprobs >= 0
    bool logitsHash = false;           // report a hash of each sampled position's raw logits row
    Priority priority = Priority::Interactive;
    bool aside = false;                // beside a conversation (a title, a subagent): gives way in RAM before what others used lately
    bool noStore = false;              // what it computes is forgotten when it ends: neither kept in RAM nor written to the disk
    bool pin = false;                  // its prompt stays on the disk until unpinned, as far as the limit allows
    // Where later requests are likely to branch off (after system prompt and tools): models with a recurrent state
    // keep a snapshot there. Ascending; a hint, others are ignored.
    std::vector<std::size_t> branchPositions;
    std::shared_ptr<Constraint> constraint;  // null: any token may come. The engine's alone from submit() on
};

struct TokenLogprob {
    TokenId token = 0;
    float logprob = 0.0f;              // natural log of the softmax of the raw logits, before sampling parameters
};

// The distribution at one position: the token that stands there, and the likeliest ones in falling order
// (ties: lowest id first).
struct PositionLogprobs {
    TokenLogprob chosen;
    std::vector<TokenLogprob> top;
};

// Sent now and then while the prompt is being computed.
struct PrefillProgress {
    std::size_t computedTokens = 0;    // of totalTokens, including cached ones
    std::size_t cachedTokens = 0;
    std::size_t totalTokens = 0;
    std::size_t followedTokens = 0;    // of the cached ones, see GenerationFinished
    std::size_t loadedTokens = 0;      // likewise
    double loadMs = 0;                 // see GenerationTimings
    DiskLoss diskLoss = DiskLoss::None;  // before its first chunk
};

// Sent once before the first token when promptLogprobs was asked: one entry for each prompt position from 1 on.
struct PromptLogprobs {
    std::vector<PositionLogprobs> positions;
};

struct GeneratedToken {
    TokenId token = 0;
    std::optional<PositionLogprobs> logprobs;
    std::uint64_t logitsHash = 0;      // xxh64 of the row's float32 bytes, when asked
};

enum class FinishReason { Stop, Length };  // a stop token; maxTokens, the window, or no memory left for one sequence

struct GenerationTimings {
    double loadMs = 0;                 // of the wait: until the model was loaded
    double queueMs = 0;                // of the wait: the rest, up to the first computed chunk
    double prefillMs = 0;              // first chunk to first token
    double decodeMs = 0;               // first token to last
};

struct GenerationFinished {
    FinishReason reason = FinishReason::Stop;
    std::optional<TokenId> stopToken;  // which one, for Stop
    std::size_t promptTokens = 0;
    std::size_t cachedTokens = 0;      // of the prompt, not computed for this request
    std::size_t followedTokens = 0;    // of the cached ones: computed by another request while this one waited
    std::size_t loadedTokens = 0;      // of the cached ones: read from the disk
    std::size_t generatedTokens = 0;   // includes the stop token
    GenerationTimings timings;
};

using GenerationEvent = std::variant<PrefillProgress, PromptLogprobs, GeneratedToken, GenerationFinished, Error>;

// Called on the engine thread, in order; must not block and must not call back into the engine. The last event is
// GenerationFinished or Error. After the handle died a few more calls may come, for at most the step under way; then the
// sink is destroyed, on the engine thread. So a sink owns what it touches (a shared mailbox, not its asker's members).
using GenerationSink = std::function<void(GenerationEvent)>;

// Owner's handle of a running generation. Destroying it cancels what is left: compute stops within one step and every
// block is released. Move-only; any thread, one at a time. Never blocks.
class Generation {
public:
    Generation() = default;
    explicit Generation(std::function<void()> cancel) : m_cancel(std::move(cancel)) {}
    ~Generation() { reset(); }
    Generation(Generation&& other) noexcept : m_cancel(std::exchange(other.m_cancel, nullptr)) {}
    Generation& operator=(Generation&& other) noexcept {
        if (this != &other) {
            reset();
            m_cancel = std::exchange(other.m_cancel, nullptr);
        }
        return *this;
    }

    void reset() {
        if (auto cancel = std::exchange(m_cancel, nullptr)) cancel();
    }

private:
    std::function<void()> m_cancel;
};

// The words that clients of every protocol look for when a prompt does not fit; where only the settings keep it from the
// window the model was trained for, what to do.
inline Error promptTooLong(std::size_t promptTokens, std::size_t windowTokens, std::size_t trainedTokens) {
    std::string sentence = "Prompt too long: " + std::to_string(promptTokens) + " tokens exceeds max context window of " +
                           std::to_string(windowTokens) + " tokens";
    if (windowTokens < trainedTokens && promptTokens <= trainedTokens)
        sentence += "; the model itself can take " + std::to_string(trainedTokens) + ": raise --context or --hot-cache";
    return {ErrorCode::ContextExceeded, std::move(sentence), promptTokens, windowTokens};
}

}  // namespace larder
