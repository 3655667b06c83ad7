#include "engine/machine.h"

#include <algorithm>
#include <system_error>

#include "engine/base/disk.h"
#include "engine/base/memory.h"
#include "engine/base/port.h"
#include "engine/base/processor.h"
#include "engine/base/thread.h"
#include "engine/settings.h"

namespace larder {
namespace {

namespace fs = std::filesystem;

// Room that is left for what will be put into a folder: "org/name/file-00001-of-00002.gguf" and the names of its parts.
constexpr std::size_t kRoomInside = 512;
// The first port that needs no administrator on most systems.
constexpr std::uint16_t kFirstCommonPort = 1024;

// path itself, else the nearest folder above it that exists (or whatever stands there instead of a folder). A link that
// leads nowhere counts as existing: nothing can be made in its place.
fs::path nearestExisting(fs::path path) {
    std::error_code ignored;
    while (fs::symlink_status(path, ignored).type() == fs::file_type::not_found && path.has_relative_path())
        path = path.parent_path();
    return path;
}

// The folder of an existing path whose file system counts.
fs::path nearestFolder(const fs::path& path) {
    fs::path nearest = nearestExisting(path);
    std::error_code ignored;
    while (!fs::is_directory(nearest, ignored) && nearest.has_relative_path()) nearest = nearest.parent_path();
    return nearest;
}

std::string describeNonFolder(const fs::path& path) {
    std::error_code failure;
    const fs::file_status link = fs::symlink_status(path, failure);
    if (failure && link.type() == fs::file_type::none)
        return "nothing can be read at " + path.string() + " (" + failure.message() + "): choose another folder";
    const bool isLink = link.type() == fs::file_type::symlink;
    const fs::file_status target = fs::status(path, failure);
    if (isLink && target.type() == fs::file_type::not_found)
        return path.string() + " is a link to a place that does not exist: choose another folder, or mount the disk it is on";
    if (target.type() == fs::file_type::none)
        return "nothing can be read at " + path.string() + " (" + failure.message() + "): choose another folder";
    return path.string() + " is a file, not a folder: choose another";
}

// Whether every part of the name can exist and models fit inside.
std::string findLengthProblem(const fs::path& path, const fs::path& nearest) {
    const std::size_t longestName = base::longestFileName(nearest);
    for (const fs::path& part : path)
        if (part.native().size() > longestName)
            return "the folder name \"" + part.string().substr(0, 20) + "...\" is longer than the " + std::to_string(longestName) +
                   " bytes the disk allows: choose a shorter one";
    if (path.native().size() + kRoomInside > base::longestPath())
        return "the path is too long (" + std::to_string(path.native().size()) + " bytes): choose a shorter one";
    return "";
}

std::string describeObstacle(const base::WriteTrial& trial, const fs::path& folder) {
    const std::string where = folder.string();
    switch (trial.obstacle) {
        case base::WriteObstacle::None: return "";
        case base::WriteObstacle::NoPermission:
            return "you may not write in " + where + ": choose another folder, or change its permissions";
        case base::WriteObstacle::ReadOnly: return where + " is on a disk that is read-only: choose another folder";
        case base::WriteObstacle::Full: return "the disk of " + where + " is full: make room, or choose a folder on another disk";
        case base::WriteObstacle::Other: break;
    }
    return "nothing can be written in " + where + " (" + trial.reason + "): choose another folder";
}

std::string nearbyPort(std::uint16_t port) {
    const std::uint16_t other = port < kFirstCommonPort ? 1337 : port == 65535 ? 65534 : static_cast<std::uint16_t>(port + 1);
    return std::to_string(other);
}

}  // namespace

Machine readMachine() {
    const base::MemoryFigures memory = base::memoryFigures();
    Machine machine;
    machine.processor = base::processorName();
    machine.cores = base::physicalCores();
    machine.memoryBytes = memory.totalBytes;
    machine.availableMemoryBytes = std::min(memory.availableBytes, memory.totalBytes);
    return machine;
}

std::uint64_t processMemoryBytes() { return base::residentBytes(); }

FolderCheck checkFolder(const fs::path& path) {
    FolderCheck check;
    if (path.empty()) {
        check.problem = "no folder is named: type one, such as ~/models";
        return check;
    }
    if (path.native().find('\0') != fs::path::string_type::npos) {
        check.problem = "a folder name cannot hold the character 0";
        return check;
    }
    const fs::path folder = expandPath(path);
    const fs::path nearest = nearestExisting(folder);
    check.freeBytes = freeBytesAt(folder);
    check.problem = findLengthProblem(folder, nearestFolder(folder));
    if (!check.problem.empty()) return check;

    std::error_code ignored;
    if (!fs::is_directory(nearest, ignored)) {
        check.problem = describeNonFolder(nearest);
        return check;
    }
    // A trailing "/" makes the last part empty: both name the same folder.
    check.exists = nearest == folder || (!folder.has_filename() && nearest == folder.parent_path());
    if (check.exists && !base::canListFolder(folder)) {
        check.problem = "you may not read " + folder.string() + ": choose another folder, or change its permissions";
        return check;
    }
    check.problem = describeObstacle(base::tryWritingIn(nearest), nearest);
    check.writable = check.problem.empty();
    return check;
}

std::uint64_t freeBytesAt(const fs::path& path) {
    if (path.empty()) return 0;
    return base::freeDiskBytes(nearestFolder(expandPath(path))).value_or(0);
}

std::string checkPort(const std::string& host, std::uint16_t port) {
    const std::string number = std::to_string(port);
    switch (base::tryPort(host, port)) {
        case base::PortState::Free: return "";
        case base::PortState::Listening:
            return "port " + number + " is used by another program: choose another, such as " + nearbyPort(port);
        case base::PortState::Taken:
            return "port " + number + " is taken, although nothing answers there: wait a minute, or choose another, such as " +
                   nearbyPort(port);
        case base::PortState::NoPermission:
            return port < kFirstCommonPort ? "port " + number + " needs administrator rights: choose one from 1024 to 65535, such as 1337"
                                           : "the system does not allow port " + number + ": choose another, such as " + nearbyPort(port);
        case base::PortState::NoSuchAddress:
            return host + " is not an address of this machine: choose 127.0.0.1, or one that it has";
        case base::PortState::NotAnAddress:
            return "\"" + host + "\" is not an address: write one such as 127.0.0.1 or ::1, or localhost";
        case base::PortState::Unknown: break;
    }
    return "port " + number + " on " + host + " cannot be used here: choose another, such as " + nearbyPort(port);
}

}  // namespace larder
