// The steady clock as a number. Any thread.
#pragma once

#include <chrono>

namespace larder::base {

// Milliseconds since some moment before the start; never runs backwards.
inline double steadyMs() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace larder::base
