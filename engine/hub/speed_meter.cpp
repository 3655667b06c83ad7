#include "engine/hub/speed_meter.h"

namespace larder::hub {
namespace {

constexpr std::chrono::seconds kSpeedWindow{5};
constexpr std::chrono::milliseconds kSpeedStep{250};
constexpr std::chrono::seconds kSpeedTrust{1};

}  // namespace

void SpeedMeter::add(Clock::time_point now, std::uint64_t total) {
    // The newest sample moves until it is a step away from the one before.
    if (m_samples.size() >= 2 && now - m_samples[m_samples.size() - 2].when < kSpeedStep) m_samples.back() = {now, total};
    else m_samples.push_back({now, total});
    // One sample older than the window stays, so that the window is always covered.
    while (m_samples.size() > 2 && now - m_samples[1].when >= kSpeedWindow) m_samples.pop_front();
}

double SpeedMeter::bytesPerSecond() const {
    if (m_samples.size() < 2) return 0;
    const std::chrono::duration<double> time = m_samples.back().when - m_samples.front().when;
    if (time.count() <= 0) return 0;
    return static_cast<double>(m_samples.back().total - m_samples.front().total) / time.count();
}

std::optional<double> SpeedMeter::secondsLeft(std::uint64_t missingBytes) const {
    const double speed = bytesPerSecond();
    if (speed < 1 || m_samples.back().when - m_samples.front().when < kSpeedTrust) return std::nullopt;
    return static_cast<double>(missingBytes) / speed;
}

}  // namespace larder::hub
