#include "engine/generate/sequence.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace larder::generate {

Sequence::Sequence(Submit message)
    : id(message.id),
      request(std::move(message.request)),
      sink(std::move(message.sink)),
      tokens(std::exchange(request.prompt, {})),
      promptTokens(tokens.size()),
      submittedMs(message.submittedMs) {
    assert(promptTokens > 0);
    assert(sink);
}

std::span<const TokenId> Sequence::cacheablePrefix() const {
    const bool wantsAll = request.promptLogprobs && promptLogprobs.size() + 1 < promptTokens;
    return std::span(tokens).first(wantsAll ? 0 : tokens.size() - 1);
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
    if (generated == request.maxTokens || tokens.size() >= windowTokens) return FinishReason::Length;
    return std::nullopt;
}

GenerationFinished Sequence::summary(FinishReason reason) const {
    GenerationFinished result{.reason = reason,
                              .stopToken = stopToken,
                              .promptTokens = promptTokens,
                              .cachedTokens = cachedTokens,
                              .generatedTokens = generated,
                              .timings = {}};
    if (startedMs > 0) result.timings.queueMs = std::max(0.0, startedMs - submittedMs);
    if (firstTokenMs > 0) {
        result.timings.prefillMs = firstTokenMs - startedMs;
        result.timings.decodeMs = lastTokenMs - firstTokenMs;
    }
    return result;
}

}  // namespace larder::generate
