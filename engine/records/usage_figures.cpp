#include "engine/records/usage_figures.h"

#include <cmath>

namespace larder::records {
namespace {

constexpr double kMicrosecondsPerSecond = 1e6;
constexpr double kMicrosecondsPerMs = 1e3;

std::int64_t whole(std::uint64_t count) { return static_cast<std::int64_t>(count); }
std::int64_t rounded(double microseconds) { return std::llround(microseconds); }
std::uint64_t count(std::int64_t figure) { return static_cast<std::uint64_t>(figure); }

}  // namespace

UsageFigures figuresOf(const UsageCounters& counters) {
    return {whole(counters.requests),
            whole(counters.promptTokens),
            whole(counters.cachedTokens),
            whole(counters.loadedTokens),
            whole(counters.computedPromptTokens),
            whole(counters.generatedTokens),
            rounded(counters.prefillSeconds * kMicrosecondsPerSecond),
            rounded(counters.decodeSeconds * kMicrosecondsPerSecond),
            whole(counters.firstTokens),
            rounded(counters.ttftMs * kMicrosecondsPerMs)};
}

UsageCounters countersOf(const UsageFigures& figures) {
    return {.requests = count(figures[0]),
            .promptTokens = count(figures[1]),
            .cachedTokens = count(figures[2]),
            .loadedTokens = count(figures[3]),
            .computedPromptTokens = count(figures[4]),
            .generatedTokens = count(figures[5]),
            .prefillSeconds = static_cast<double>(figures[6]) / kMicrosecondsPerSecond,
            .decodeSeconds = static_cast<double>(figures[7]) / kMicrosecondsPerSecond,
            .firstTokens = count(figures[8]),
            .ttftMs = static_cast<double>(figures[9]) / kMicrosecondsPerMs};
}

UsageFigures plus(UsageFigures left, const UsageFigures& right) {
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
    return left;
}

UsageFigures minus(UsageFigures left, const UsageFigures& right) {
    for (std::size_t i = 0; i < left.size(); ++i) left[i] -= right[i];
    return left;
}

}  // namespace larder::records
