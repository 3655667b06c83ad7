#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "engine/base/memory.h"

namespace larder::base {

namespace {

namespace fs = std::filesystem;

// What the files of a control group are called in the two versions of the interface.
struct GroupFiles {
    const char* limit;
    const char* used;
    const char* filePages;  // a key in memory.stat
};
constexpr GroupFiles kVersion2 = {"memory.max", "memory.current", "file"};
constexpr GroupFiles kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache"};

// A number in a file; the largest number for "max" and for no file.
std::size_t readFigure(const fs::path& file) {
    std::size_t bytes = 0;
    if (std::ifstream(file) >> bytes) return bytes;
    return std::numeric_limits<std::size_t>::max();
}

// Bytes of file pages that count as used by the control group; 0 if unknown.
std::size_t groupFilePages(const fs::path& group, const std::string& key) {
    std::ifstream file(group / "memory.stat");
    std::string name;
    for (std::size_t bytes = 0; file >> name >> bytes;)
        if (name == key) return bytes;
    return 0;
}

// A container, or a slice of the desktop's session, may have less than the machine. Pages of files count as used there, but
// are given back when needed.
void applyGroup(const fs::path& group, const GroupFiles& files, MemoryFigures& figures) {
    const std::size_t limit = readFigure(group / files.limit);
    if (limit >= figures.totalBytes && figures.totalBytes > 0) return;
    if (limit == std::numeric_limits<std::size_t>::max() || limit == 0) return;
    const std::size_t current = readFigure(group / files.used);
    const bool known = current != std::numeric_limits<std::size_t>::max();
    const std::size_t used = known ? current - std::min(current, groupFilePages(group, files.filePages)) : 0;
    figures.totalBytes = limit;
    figures.availableBytes = std::min(figures.availableBytes, limit - std::min(limit, used));
}

// The group itself and every group above it: each may have a limit. The path inside a container can be one that only the
// host sees; then the mount's root is what counts.
void applyGroups(const fs::path& mount, const std::string& path, const GroupFiles& files, MemoryFigures& figures) {
    constexpr int kMaxDepth = 64;
    fs::path inside = fs::path(path).relative_path();
    for (int depth = 0; depth < kMaxDepth && !inside.empty(); ++depth) {
        if (*inside.begin() != "..") applyGroup(mount / inside, files, figures);
        inside = inside.parent_path();
    }
    applyGroup(mount, files, figures);
}

// "0::/path" is version 2, "4:memory:/path" version 1 (also among others: "cpu,memory").
void applyLineOfGroup(const std::string& line, const fs::path& root, MemoryFigures& figures) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) return;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    const fs::path mounts = root / "sys/fs/cgroup";
    if (controllers == ",,") {
        applyGroups(mounts, path, kVersion2, figures);
        applyGroups(mounts / "unified", path, kVersion2, figures);
    }
    if (controllers.find(",memory,") != controllers.npos) applyGroups(mounts / "memory", path, kVersion1, figures);
}

}  // namespace

MemoryFigures memoryFigures() { return memoryFiguresBelow("/"); }

MemoryFigures memoryFiguresBelow(const fs::path& root) {
    MemoryFigures figures;
    std::ifstream file(root / "proc/meminfo");
    std::string name, unit;
    std::size_t kilobytes = 0;
    while (file >> name >> kilobytes) {
        if (name == "MemTotal:") figures.totalBytes = kilobytes << 10;
        if (name == "MemAvailable:") figures.availableBytes = kilobytes << 10;
        std::getline(file, unit);
    }
    std::ifstream groups(root / "proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) applyLineOfGroup(line, root, figures);
    return figures;
}

std::size_t residentBytes() {
    std::size_t pages = 0, resident = 0;
    if (!(std::ifstream("/proc/self/statm") >> pages >> resident)) return 0;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t peakResidentBytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) << 10;
}

}  // namespace larder::base
