#include "engine/generate/lane_counters.h"

#include <algorithm>

namespace larder::generate {
namespace {

constexpr double kRateWindowMs = 1000;

}  // namespace

void LaneCounters::Rate::add(std::size_t tokens, double stepMs) {
    if (tokens == 0) return;
    m_steps.push_back({tokens, stepMs});
    m_tokens += tokens;
    m_ms += stepMs;
    while (m_steps.size() > 1 && m_ms - m_steps.front().ms >= kRateWindowMs) {
        m_tokens -= m_steps.front().tokens;
        m_ms -= m_steps.front().ms;
        m_steps.pop_front();
    }
}

void LaneCounters::noteStep(const StepShape& shape, double beginMs, double endMs) {
    const double ms = endMs - beginMs;
    m_prefill.add(shape.prefillRows, ms);
    m_decode.add(shape.decodeRows, ms);
    const double rows = static_cast<double>(shape.prefillRows + shape.decodeRows);
    ++m_status.steps;
    m_status.longestStepMs = std::max(m_status.longestStepMs, ms);
    m_status.usage.computedPromptTokens += shape.prefillRows;
    m_status.usage.prefillSeconds += ms / 1000 * static_cast<double>(shape.prefillRows) / rows;
    m_status.usage.decodeSeconds += ms / 1000 * static_cast<double>(shape.decodeRows) / rows;
    if (shape.prefillRows > 0) m_status.lastPrefillMs = endMs;
    if (shape.decodeRows > 0) m_status.lastDecodeMs = endMs;
    m_status.prefillTokensPerSecond = m_prefill.perSecond();
    m_status.decodeTokensPerSecond = m_decode.perSecond();
}

void LaneCounters::noteFirstToken(double waitedMs) {
    ++m_status.usage.firstTokens;
    m_status.lastTtftMs = std::max(0.0, waitedMs);
    m_status.usage.ttftMs += m_status.lastTtftMs;
    m_status.ttft.add(m_status.lastTtftMs);
}

}  // namespace larder::generate
