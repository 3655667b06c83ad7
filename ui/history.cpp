#include "ui/history.h"

#include <algorithm>
#include <cassert>

namespace larder::ui {

namespace {

// Busy seconds rather than the clock's: an answer that took a tenth of a second still shows its true rate.
double rateBetween(std::uint64_t tokensBefore, std::uint64_t tokens, double secondsBefore, double seconds, double elapsed) {
    if (tokens <= tokensBefore) return 0;
    const double busy = seconds > secondsBefore ? seconds - secondsBefore : elapsed;
    return busy > 0 ? static_cast<double>(tokens - tokensBefore) / busy : 0;
}

// The first token of an answer is the prompt's work: it costs no decode step.
std::uint64_t decodedTokens(const EngineStatus& status) {
    return status.total.generatedTokens - std::min(status.total.generatedTokens, status.total.firstTokens);
}

bool startedAnew(const EngineStatus& before, const EngineStatus& now) {
    return now.total.promptTokens < before.total.promptTokens || now.total.generatedTokens < before.total.generatedTokens ||
           now.steps < before.steps || now.total.requests < before.total.requests || now.total.firstTokens < before.total.firstTokens ||
           now.total.computedPromptTokens < before.total.computedPromptTokens;
}

}  // namespace

void History::add(const ServiceSnapshot& snapshot, std::int64_t unixMs) {
    const std::int64_t second = unixMs / 1000;
    if (!m_samples.empty() && second < last().second) {  // the clock was set back: old samples would lie in the future
        m_samples.clear();
        m_next = 0;
    }
    if (!m_samples.empty() && second == last().second) return;  // its difference goes to the next second

    const EngineStatus& now = snapshot.engine;
    const bool first = m_samples.empty();
    if (m_runningSince != snapshot.runningSinceUnixMs || startedAnew(m_before, now)) m_before = EngineStatus{};

    Sample sample;
    sample.second = second;
    sample.memoryBytes = static_cast<double>(snapshot.processMemoryBytes);
    if (now.total.promptTokens > 0)
        sample.cacheEfficiencyPercent =
            std::min(100.0, 100.0 * static_cast<double>(now.total.cachedTokens) / static_cast<double>(now.total.promptTokens));
    if (!first) {
        // Nothing was sampled for a while because nothing happened: the line must not slope through that time.
        if (second - last().second > 2) {
            Sample still{last().second + 1, 0, 0, 0, last().cacheEfficiencyPercent, last().memoryBytes};
            push(still);
            still.second = second - 1;
            if (still.second > last().second) push(still);
        }
        const double elapsed = static_cast<double>(unixMs - m_beforeMs) / 1000;
        sample.prefillTokensPerSecond = rateBetween(m_before.total.computedPromptTokens, now.total.computedPromptTokens,
                                                    m_before.total.prefillSeconds, now.total.prefillSeconds, elapsed);
        sample.decodeTokensPerSecond = rateBetween(decodedTokens(m_before), decodedTokens(now), m_before.total.decodeSeconds,
                                                   now.total.decodeSeconds, elapsed);
        if (now.total.firstTokens > m_before.total.firstTokens)
            sample.ttftMs = std::max(0.0, now.total.ttftMs - m_before.total.ttftMs) /
                            static_cast<double>(now.total.firstTokens - m_before.total.firstTokens);
    }
    push(sample);
    m_before = now;
    m_beforeMs = unixMs;
    m_runningSince = snapshot.runningSinceUnixMs;
}

const Sample& History::at(std::size_t index) const {
    assert(index < m_samples.size());
    return m_samples[(m_next + index) % m_samples.size()];
}

std::size_t History::memoryBytes() const { return sizeof(History) + m_samples.capacity() * sizeof(Sample); }

void History::push(const Sample& sample) {
    if (m_samples.size() < kSeconds) {
        m_samples.reserve(kSeconds);
        m_samples.push_back(sample);
        return;
    }
    m_samples[m_next] = sample;
    m_next = (m_next + 1) % kSeconds;
}

}  // namespace larder::ui
