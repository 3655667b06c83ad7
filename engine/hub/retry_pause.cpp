#include "engine/hub/retry_pause.h"

#include <algorithm>
#include <cmath>

namespace larder::hub {

bool RetryPause::failed(Clock::time_point now, std::optional<double> retryAfterSeconds, double jitter) {
    using std::chrono::milliseconds;
    milliseconds pause{0};
    if (over(now)) {
        if (++m_failures > m_limits.maxFailures) return false;
        const double factor = std::exp2(static_cast<double>(std::min<std::size_t>(m_failures - 1, 20)));
        const double wanted = static_cast<double>(m_limits.first.count()) * factor;
        const double longest = static_cast<double>(m_limits.longest.count());
        pause = milliseconds(static_cast<std::int64_t>(std::min(wanted, longest) * (0.75 + 0.5 * jitter)));
    }
    if (retryAfterSeconds) {
        // A little later than asked, each client by another bit: else all come back in the same moment.
        const double asked = *retryAfterSeconds * 1000 * (1 + 0.1 * jitter);
        const double longest = static_cast<double>(m_limits.longestRetryAfter.count());
        pause = std::max(pause, milliseconds(static_cast<std::int64_t>(std::min(asked, longest))));
    }
    m_until = std::max(m_until, now + pause);
    return true;
}

std::chrono::milliseconds RetryPause::left(Clock::time_point now) const {
    if (over(now)) return std::chrono::milliseconds{0};
    return std::chrono::ceil<std::chrono::milliseconds>(m_until - now);
}

}  // namespace larder::hub
