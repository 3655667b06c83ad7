// The prompt of a request against the known ones: where it leaves the closest, in tokens and as text, and why tokens of it were
// computed. Its request's thread; after the request's end whoever settles it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/api/known_prompts.h"
#include "engine/api/miss_cause.h"
#include "engine/api/model_texts.h"
#include "engine/requests.h"

namespace larder::api {

constexpr std::size_t kTextIds = 400;  // as many as make a differing text: a token has one byte at least

struct AskedPrompt {
    std::uint64_t number = 0;          // of the request
    PromptModel model;
    SharedModelText text;              // null: no texts
    std::size_t promptTokens = 0;      // 0: not prepared
    std::optional<std::size_t> cachedTokens;  // once it is known
    bool noStore = false;
    bool logitsAsked = false;
    bool keepsState = false;
    DiskLoss diskLoss = DiskLoss::None;
    DiskFacts disk;

    bool isReadingRecord = false;      // what earlier servers knew is not among the known ones yet
    std::vector<TokenId> ids;          // only while that is so: it will be compared again

    ClosestPrompt closest;
    std::string sharedText, knownText, askedText;  // see RequestStatus

    // found: as KnownPrompts::findClosest() says of promptIds, with kTextIds.
    void compare(ClosestPrompt found, std::span<const TokenId> promptIds);
    // REQUIRES cachedTokens.
    MissExplanation explain() const;

    void writeClosest(RequestStatus& status) const;
};

}  // namespace larder::api
