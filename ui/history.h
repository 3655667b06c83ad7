// The figures of the last minutes for the charts: one sample a second, a fixed number of them. Plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/service.h"

namespace larder::ui {

struct Sample {
    std::int64_t second = 0;             // unix time
    double prefillTokensPerSecond = 0;   // 0 while nothing is computed
    double decodeTokensPerSecond = 0;
    double ttftMs = 0;                   // mean of the answers that began in this second; 0: none
    double cacheEfficiencyPercent = 0;   // cached / prompt tokens since the server started
    double memoryBytes = 0;              // of this process
};

class History {
public:
    static constexpr std::size_t kSeconds = 300;

    // Differences to the snapshot before become rates. A server that started anew begins at zero without a spike. A second
    // snapshot in the same second is left for the next; a gap (nothing happened, nothing was sampled) is closed with a zero.
    void add(const ServiceSnapshot& snapshot, std::int64_t unixMs);

    std::size_t size() const { return m_samples.size(); }
    const Sample& at(std::size_t index) const;   // 0 = oldest
    std::size_t memoryBytes() const;             // constant once full

private:
    const Sample& last() const { return at(m_samples.size() - 1); }
    void push(const Sample& sample);

    std::vector<Sample> m_samples;               // a ring once full
    std::size_t m_next = 0;                      // the oldest once full, else 0
    EngineStatus m_before;
    std::int64_t m_beforeMs = 0;
    std::int64_t m_runningSince = 0;
};

}  // namespace larder::ui
