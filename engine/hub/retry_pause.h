// When to try again: pauses that double with each failure in a row, with jitter, never shorter than what the server asked
// for; and when to give up. Plain value, the clock is the caller's.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace larder::hub {

class RetryPause {
public:
    using Clock = std::chrono::steady_clock;
    struct Limits {
        std::chrono::milliseconds first{1000};
        std::chrono::milliseconds longest{60'000};
        std::chrono::milliseconds longestRetryAfter{300'000};
        std::size_t maxFailures = 10;
    };
    explicit RetryPause(Limits limits) : m_limits(limits) {}

    void progressed() { m_failures = 0; }

    // Several connections fail at the same time when the server does: while a pause lasts, that counts once.
    // jitter: 0 to 1. False: it is time to give up.
    bool failed(Clock::time_point now, std::optional<double> retryAfterSeconds, double jitter);

    bool over(Clock::time_point now) const { return now >= m_until; }
    std::chrono::milliseconds left(Clock::time_point now) const;
    std::size_t failures() const { return m_failures; }

private:
    Limits m_limits;
    std::size_t m_failures = 0;
    Clock::time_point m_until{};
};

}  // namespace larder::hub
