#include "engine/usage.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace larder {
namespace {

constexpr std::uint64_t kTellingTokens = 256;
constexpr double kFirstUpperMs = 0.5;
constexpr double kClassesPerDoubling = 8;

}  // namespace

void UsageCounters::add(const UsageCounters& other) {
    requests += other.requests;
    promptTokens += other.promptTokens;
    cachedTokens += other.cachedTokens;
    loadedTokens += other.loadedTokens;
    computedPromptTokens += other.computedPromptTokens;
    generatedTokens += other.generatedTokens;
    prefillSeconds += other.prefillSeconds;
    decodeSeconds += other.decodeSeconds;
    firstTokens += other.firstTokens;
    ttftMs += other.ttftMs;
}

UsageCounters UsageCounters::since(const UsageCounters& before) const {
    return {.requests = requests - before.requests,
            .promptTokens = promptTokens - before.promptTokens,
            .cachedTokens = cachedTokens - before.cachedTokens,
            .loadedTokens = loadedTokens - before.loadedTokens,
            .computedPromptTokens = computedPromptTokens - before.computedPromptTokens,
            .generatedTokens = generatedTokens - before.generatedTokens,
            .prefillSeconds = prefillSeconds - before.prefillSeconds,
            .decodeSeconds = decodeSeconds - before.decodeSeconds,
            .firstTokens = firstTokens - before.firstTokens,
            .ttftMs = ttftMs - before.ttftMs};
}

double UsageCounters::cacheEfficiency() const {
    return promptTokens > 0 ? static_cast<double>(cachedTokens) / static_cast<double>(promptTokens) : 0;
}

double UsageCounters::prefillTokensPerSecond() const {
    return prefillSeconds > 0 ? static_cast<double>(computedPromptTokens) / prefillSeconds : 0;
}

double UsageCounters::decodeTokensPerSecond() const {
    return decodeSeconds > 0 ? static_cast<double>(generatedTokens - firstTokens) / decodeSeconds : 0;
}

double UsageCounters::savedSeconds() const {
    // The last token of a known prompt alone says nothing about the speed of a prefill.
    const double rate = computedPromptTokens >= kTellingTokens ? prefillTokensPerSecond() : 0;
    return rate > 0 ? static_cast<double>(cachedTokens) / rate : 0;
}

double UsageTotals::savedSeconds() const {
    double sum = 0;
    for (const ModelUsage& each : models) sum += each.counters.savedSeconds();
    return models.empty() ? counters.savedSeconds() : sum;
}

void TtftHistogram::add(double ms) {
    const double above = std::ceil(kClassesPerDoubling * std::log2(std::max(ms, kFirstUpperMs) / kFirstUpperMs));
    ++m_classes[std::min(static_cast<std::size_t>(above), kClasses - 1)];
}

void TtftHistogram::add(const TtftHistogram& other) {
    for (std::size_t i = 0; i < kClasses; ++i) m_classes[i] += other.m_classes[i];
}

std::uint64_t TtftHistogram::count() const {
    std::uint64_t all = 0;
    for (const std::uint32_t each : m_classes) all += each;
    return all;
}

double TtftHistogram::percentileMs(double share) const {
    const std::uint64_t all = count();
    if (all == 0) return 0;
    const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kClasses; ++i) {
        seen += m_classes[i];
        if (seen >= wanted) return upperMs(i);
    }
    return upperMs(kClasses - 1);
}

UsageTotals addUsage(UsageTotals before, const std::vector<ModelUsage>& now) {
    UsageTotals all = std::move(before);
    for (const ModelUsage& model : now) {
        const auto place = std::lower_bound(all.models.begin(), all.models.end(), model.model,
                                            [](const ModelUsage& each, const std::string& name) { return each.model < name; });
        if (place != all.models.end() && place->model == model.model) place->counters.add(model.counters);
        else all.models.insert(place, ModelUsage{model.model, model.counters, {}});
    }
    all.counters = {};
    for (const ModelUsage& model : all.models) all.counters.add(model.counters);
    return all;
}

double TtftHistogram::upperMs(std::size_t index) {
    return kFirstUpperMs * std::exp2(static_cast<double>(index) / kClassesPerDoubling);
}

}  // namespace larder
