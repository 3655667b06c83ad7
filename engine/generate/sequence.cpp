#include "engine/generate/sequence.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace larder::generate {

Sequence::Sequence(Submit message)
    : id(message.id),
      request(std::move(message.request)),
      sink(std::move(message.sink)),
      tokens(std::exchange(request.prompt, {})),
      promptTokens(tokens.size()),
      background(request.priority == Priority::Background),
      submittedMs(message.submittedMs),
      loadedMs(message.loadedMs) {
    assert(promptTokens > 0);
    assert(sink);
}

std::span<const TokenId> Sequence::cacheablePrefix() const {
    const bool wantsAll = request.promptLogprobs && promptLogprobs.size() + 1 < promptTokens;
    return std::span(tokens).first(wantsAll ? 0 : tokens.size() - 1);
}

// Branches and the end of the prompt without its last token: who asks the same again needs that one's logits.
std::size_t Sequence::nextStatePosition() const {
    std::size_t next = std::numeric_limits<std::size_t>::max();
    if (computed + 1 < promptTokens) next = promptTokens - 1;
    for (const std::size_t position : request.branchPositions)
        if (position > computed) return std::min(next, position);
    return next;
}

std::size_t Sequence::mostPositions(std::size_t windowTokens) const {
    const std::size_t room = windowTokens > promptTokens ? windowTokens - promptTokens : 1;
    const std::size_t answer = request.maxTokens == 0 ? room : std::min(request.maxTokens, room);
    return promptTokens + answer - 1;  // the last token is reported, never computed
}

bool Sequence::wantsPromptLogprobs(std::size_t position) const {
    return request.promptLogprobs && position + 1 < promptTokens && position >= promptLogprobs.size();
}

std::optional<FinishReason> Sequence::append(TokenId token, std::size_t windowTokens) {
    ++generated;
    const auto& stops = request.stopTokens;
    if (std::find(stops.begin(), stops.end(), token) != stops.end()) {
        stopToken = token;
        return FinishReason::Stop;
    }
    tokens.push_back(token);
    if (request.constraint) request.constraint->accept(token);
    if (generated == request.maxTokens || tokens.size() >= windowTokens) return FinishReason::Length;
    return std::nullopt;
}

GenerationFinished Sequence::summary(FinishReason reason) const {
    GenerationFinished result{.reason = reason,
                              .stopToken = stopToken,
                              .promptTokens = promptTokens,
                              .cachedTokens = cachedTokens,
                              .followedTokens = followedTokens,
                              .loadedTokens = loadedTokens,
                              .generatedTokens = generated,
                              .timings = {}};
    const double waitedMs = startedMs > 0 ? std::max(0.0, startedMs - submittedMs) : 0;
    result.timings.loadMs = std::min(waitedMs, loadMs());
    result.timings.queueMs = waitedMs - result.timings.loadMs;
    if (firstTokenMs > 0) {
        result.timings.prefillMs = firstTokenMs - startedMs;
        result.timings.decodeMs = lastTokenMs - firstTokenMs;
    }
    return result;
}

}  // namespace larder::generate
