#include "engine/api/asked_prompt.h"

#include <algorithm>
#include <utility>

#include "engine/api/prompt_excerpt.h"

namespace larder::api {
namespace {

constexpr std::size_t kSharedTextBytes = 200;
constexpr std::size_t kDifferingTextBytes = 400;

}  // namespace

void AskedPrompt::compare(ClosestPrompt found, std::span<const TokenId> promptIds) {
    closest = std::move(found);
    if (!text || !closest.isFound) return;
    const text::Tokenizer& tokenizer = *text->tokenizer;
    const std::size_t place = closest.sharedTokens, before = std::min(kTextIds, place);
    sharedText = textBefore(tokenizer, promptIds.subspan(place - before, before), kSharedTextBytes);
    askedText = textFrom(tokenizer, promptIds.subspan(place, std::min(kTextIds, promptIds.size() - place)), kDifferingTextBytes);
    knownText = textFrom(tokenizer, closest.knownIds, kDifferingTextBytes);
}

MissExplanation AskedPrompt::explain() const {
    return explainMiss({.closest = closest,
                        .promptTokens = promptTokens,
                        .cachedTokens = *cachedTokens,
                        .logitsAsked = logitsAsked,
                        .keepsState = keepsState,
                        .diskLoss = diskLoss,
                        .isReadingRecord = isReadingRecord,
                        .disk = disk,
                        .knownText = knownText,
                        .askedText = askedText});
}

void AskedPrompt::writeClosest(RequestStatus& status) const {
    status.sharedTokens = closest.sharedTokens;
    status.closestTokens = closest.tokens;
    status.closestNumber = closest.number;
    status.sharedText = sharedText;
    status.knownText = knownText;
    status.askedText = askedText;
}

}  // namespace larder::api
