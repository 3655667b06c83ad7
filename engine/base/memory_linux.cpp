#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "engine/base/memory.h"

namespace larder::base {

namespace {

// A number in a file of the control group; the largest number for "max" and for no file.
std::size_t groupFigure(const char* name) {
    std::size_t bytes = 0;
    if (std::ifstream(std::string("/sys/fs/cgroup/") + name) >> bytes) return bytes;
    return std::numeric_limits<std::size_t>::max();
}

// Bytes of file pages that count as used by the control group; 0 if unknown.
std::size_t groupFilePages() {
    std::ifstream file("/sys/fs/cgroup/memory.stat");
    std::string name;
    for (std::size_t bytes = 0; file >> name >> bytes;)
        if (name == "file") return bytes;
    return 0;
}

}  // namespace

MemoryFigures memoryFigures() {
    MemoryFigures figures;
    std::ifstream file("/proc/meminfo");
    std::string name, unit;
    std::size_t kilobytes = 0;
    while (file >> name >> kilobytes) {
        if (name == "MemTotal:") figures.totalBytes = kilobytes << 10;
        if (name == "MemAvailable:") figures.availableBytes = kilobytes << 10;
        std::getline(file, unit);
    }
    // A container may have less than the machine. Pages of files count as used there, but are given back when needed.
    if (const std::size_t limit = groupFigure("memory.max"); limit < figures.totalBytes) {
        const std::size_t current = groupFigure("memory.current");
        const std::size_t used = current - std::min(current, groupFilePages());
        figures.totalBytes = limit;
        figures.availableBytes = std::min(figures.availableBytes, limit - std::min(limit, used));
    }
    return figures;
}

std::size_t peakResidentBytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) << 10;
}

}  // namespace larder::base
