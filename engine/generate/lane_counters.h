// What a lane counts: tokens, steps, times and the rates of the last second. Engine thread only.
#pragma once

#include <cstddef>
#include <deque>

#include "engine/generate/lane_status.h"
#include "engine/generate/prefill_pacer.h"

namespace larder::generate {

class LaneCounters {
public:
    LaneStatus& status() { return m_status; }
    const LaneStatus& status() const { return m_status; }

    void noteStep(const StepShape& shape, double beginMs, double endMs);
    void noteFirstToken(double waitedMs);

private:
    // Tokens per second over the last second of steps that had such tokens.
    class Rate {
    public:
        void add(std::size_t tokens, double stepMs);
        double perSecond() const { return m_ms > 0 ? 1000 * static_cast<double>(m_tokens) / m_ms : 0; }

    private:
        struct Step {
            std::size_t tokens = 0;
            double ms = 0;
        };
        std::deque<Step> m_steps;
        std::size_t m_tokens = 0;
        double m_ms = 0;
    };

    LaneStatus m_status;
    Rate m_prefill;
    Rate m_decode;
};

}  // namespace larder::generate
