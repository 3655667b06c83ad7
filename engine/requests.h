// Recent requests, and why each had to compute what it computed (design §5.9). Plain values, copied whole; the API fills
// them, window and command line read them. Texts of prompts are in them: they are shown to the key's owner, never logged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/generation.h"
#include "engine/status.h"

namespace larder {

enum class RequestState { Waiting, Loading, Prefilling, Answering, Done, Failed, Cancelled };

// Why tokens of a prompt were computed although something like it was known. One for each request: the one that explains
// most tokens.
enum class MissCause {
    Nothing,      // nothing but the last token of the prompt had to be computed
    Grown,        // only what came behind a known prompt
    New,          // no known prompt of this model begins like it
    Differs,      // it leaves a known prompt at `sharedTokens`: knownText and askedText say how
    Evicted,      // known once, and given up since: RAM and disk had no room, or it was cleared
    NotWritten,   // known to a server that has ended, and not on the disk: the cold cache was off, or it was not written in time
    Damaged,      // known, but a block on the disk was damaged and set aside
    NotStored,    // the known prompt was asked not to be kept (no_store), or was cancelled before it came so far
    Snapshot,     // the model's state was kept at an earlier position only
    Asked,        // the request wants the logits of its prompt (echo with logprobs)
    Unknown       // not decided yet: it waits, or what earlier servers knew is still being read
};

struct RequestStatus {
    std::uint64_t number = 0;            // rises by one each, from 1, since the server started
    std::string id;                      // of the reply ("msg_..."); empty until it is known
    std::string model;
    std::string protocol;                // "anthropic messages", "openai chat", "openai responses", "openai completions"
    std::string title;                   // beginning of the last user text, one line, at most 120 bytes; may be empty
    RequestState state = RequestState::Waiting;
    Priority priority = Priority::Interactive;
    std::int64_t startedUnixMs = 0;
    std::int64_t endedUnixMs = 0;        // 0 while it runs
    std::string failure;                 // one sentence for Failed

    std::size_t promptTokens = 0;        // 0 until the prompt is read
    std::size_t cachedTokens = 0;        // not computed for this request; includes the next two
    std::size_t followedTokens = 0;
    std::size_t loadedTokens = 0;
    std::size_t doneTokens = 0;          // of the prompt: known or computed by now
    std::size_t answerTokens = 0;        // so far
    double prepareMs = 0;                // reading the body to token ids
    GenerationTimings timings;           // as far as known
    double etaMs = 0;                    // until the prompt is computed, from the rate so far; 0 = unknown

    MissCause cause = MissCause::Unknown;
    std::string why;                     // the cause as one sentence, in English; empty until known
    std::size_t sharedTokens = 0;        // leading tokens in common with the closest known prompt
    std::size_t closestTokens = 0;       // length of that one, its answer included
    std::uint64_t closestNumber = 0;     // the request it came from; 0 = none, or one from before the server started
    std::string sharedText;              // the end of what they share, at most 200 bytes
    std::string knownText;               // what the closest has behind it, at most 400 bytes
    std::string askedText;               // what this one has there instead, at most 400 bytes
};

// Those that run or wait, then the ended ones, the newest first in each part.
using RequestList = std::vector<RequestStatus>;

// The list as of now, never null, given the engine's status: a request that waits for a model that is being loaded is Loading.
// Any thread; may outlive the server, and is as it was at its end then.
using RequestListSource = std::function<std::shared_ptr<const RequestList>(const EngineStatus&)>;

}  // namespace larder
