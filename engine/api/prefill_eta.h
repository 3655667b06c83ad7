// How long a prompt will still take, from how long its tokens have taken so far. A token costs more the further back it has to
// look, linearly: a line is fitted through the cost of each stretch, and carried on to the end. One thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>

namespace larder::api {

class PrefillEta {
public:
    // doneTokens: known or computed by now; rises, but after a preemption, which begins anew.
    void add(std::size_t doneTokens, double steadyMs) {
        if (m_started && doneTokens > m_done && steadyMs > m_ms) addStretch(static_cast<double>(m_done), static_cast<double>(doneTokens), steadyMs - m_ms);
        if (m_started && doneTokens < m_done) *this = PrefillEta();
        m_started = true;
        m_done = doneTokens;
        m_ms = steadyMs;
    }

    // Until totalTokens are done, as of the last add(); 0 = not known.
    double remainingMs(std::size_t totalTokens) const {
        if (m_tokens <= 0 || totalTokens <= m_done) return 0;
        const double meanPlace = m_places / m_tokens, meanCost = m_costs / m_tokens;
        const double spread = m_squares / m_tokens - meanPlace * meanPlace;
        const double together = m_products / m_tokens - meanPlace * meanCost;
        // A few stretches say nothing about the slope, and it never makes later tokens cheaper.
        const double slope = m_stretches < kStretchesForSlope || spread <= 0 ? 0 : std::max(0.0, together / spread);
        const double left = static_cast<double>(totalTokens - m_done), middle = static_cast<double>(m_done) + left / 2;
        return left * (meanCost + slope * (middle - meanPlace));
    }

private:
    static constexpr int kStretchesForSlope = 4;

    void addStretch(double from, double to, double ms) {
        const double tokens = to - from, place = (from + to) / 2, cost = ms / tokens;
        ++m_stretches;
        m_tokens += tokens;
        m_places += tokens * place;
        m_costs += ms;
        m_squares += tokens * place * place;
        m_products += tokens * place * cost;
    }

    bool m_started = false;
    std::size_t m_done = 0;
    double m_ms = 0;
    int m_stretches = 0;
    // Sums over the tokens so far: of one, of where they stand, of what they cost.
    double m_tokens = 0, m_places = 0, m_costs = 0, m_squares = 0, m_products = 0;
};

}  // namespace larder::api
