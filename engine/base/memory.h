// How much memory the machine, or the container, has. Any thread; reads the system's figures anew each time.
#pragma once

#include <cstddef>
#include <filesystem>

namespace larder::base {

struct MemoryFigures {
    std::size_t totalBytes = 0;
    std::size_t availableBytes = 0;  // without pushing others out
};
MemoryFigures memoryFigures();

// The same from the files below another root than "/" (tests): proc/meminfo, proc/self/cgroup and sys/fs/cgroup.
MemoryFigures memoryFiguresBelow(const std::filesystem::path& root);

// Resident size of this process: now (0 if unknown), and the largest so far.
std::size_t residentBytes();
std::size_t peakResidentBytes();

}  // namespace larder::base
