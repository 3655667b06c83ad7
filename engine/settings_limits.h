// The values that a setting may have, for whoever reads or checks them. Private to engine/*.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace larder {

inline constexpr std::size_t kMostContext = std::numeric_limits<std::int32_t>::max();
inline constexpr std::size_t kMostRunning = 4096;
inline constexpr std::size_t kMostWaiting = 65536;
inline constexpr std::size_t kMostThreads = 4096;
inline constexpr std::size_t kMostConnections = 16;
inline constexpr std::size_t kMostIdleMinutes = 1'000'000;
inline constexpr std::size_t kMostKeyBytes = 4096;

inline bool isAppearance(std::string_view name) { return name == "system" || name == "light" || name == "dark"; }

// Printable characters without spaces: what a header can carry.
inline bool isUsableKey(std::string_view key) {
    for (const char c : key)
        if (c <= ' ' || c > '~') return false;
    return !key.empty() && key.size() <= kMostKeyBytes;
}

}  // namespace larder
