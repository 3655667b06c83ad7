// Bytes per second over the last seconds, and from it the time that is left. Plain value, the clock is the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace larder::hub {

class SpeedMeter {
public:
    using Clock = std::chrono::steady_clock;

    // total: bytes received since the beginning; never falls.
    void add(Clock::time_point now, std::uint64_t total);
    double bytesPerSecond() const;
    // Nothing in the first second and while nothing arrives.
    std::optional<double> secondsLeft(std::uint64_t missingBytes) const;

private:
    struct Sample {
        Clock::time_point when;
        std::uint64_t total = 0;
    };
    std::deque<Sample> m_samples;  // of the last seconds, a few each second
};

}  // namespace larder::hub
