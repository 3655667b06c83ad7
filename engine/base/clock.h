// Clocks as numbers. Any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace larder::base {

// Milliseconds since some moment before the start; never runs backwards.
inline double steadyMs() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The wall clock: milliseconds since 1970. May jump either way.
inline std::int64_t wallMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace larder::base
