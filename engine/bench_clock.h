// Takes the time of what the bench repeats. Any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace larder {

// Of so many runs; repeats > 0.
template <class F>
double medianSeconds(int repeats, const F& run) {
    std::vector<double> seconds;
    for (int repeat = 0; repeat < repeats; ++repeat) {
        const auto start = std::chrono::steady_clock::now();
        run();
        seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
}

}  // namespace larder
