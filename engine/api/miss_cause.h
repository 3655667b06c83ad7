// Why tokens of a prompt were computed: from what was known of it and what the cache gave, the cause that explains most of
// them, and one English sentence with the numbers. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>

#include "engine/api/known_prompts.h"
#include "engine/cache.h"
#include "engine/requests.h"

namespace larder::api {

// What is known of the cache on the disk, for what earlier servers had computed.
struct DiskFacts {
    bool isOn = true;
    std::string problem;              // why it is off although it should not be; may be empty
    bool isCrowded = false;           // it gives up blocks for others, or is about to
    bool hasQuarantine = false;       // damaged blocks were set aside, now or lately

    static DiskFacts of(const ColdTierStatus& cold);
};

struct MissFacts {
    const ClosestPrompt& closest;
    std::size_t promptTokens = 0;
    std::size_t cachedTokens = 0;
    bool logitsAsked = false;         // of the prompt's own tokens
    bool keepsState = false;          // the model can go on only where its state was kept
    DiskLoss diskLoss = DiskLoss::None;
    bool isReadingRecord = false;     // of earlier servers: closest knows nothing of them yet
    const DiskFacts& disk;
    const std::string& knownText;     // behind the shared tokens; see RequestStatus
    const std::string& askedText;
};

struct MissExplanation {
    MissCause cause = MissCause::Unknown;
    std::string why;
};

// A token that was computed although another request had computed the same beginning is never put down to New or Grown.
MissExplanation explainMiss(const MissFacts& facts);

}  // namespace larder::api
