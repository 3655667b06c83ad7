// How much memory the machine, or the container, has. Any thread; reads the system's figures anew each time.
#pragma once

#include <cstddef>

namespace larder::base {

struct MemoryFigures {
    std::size_t totalBytes = 0;
    std::size_t availableBytes = 0;  // without pushing others out
};
MemoryFigures memoryFigures();

// Largest resident size of this process so far.
std::size_t peakResidentBytes();

}  // namespace larder::base
