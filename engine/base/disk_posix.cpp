#include "engine/base/disk.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace larder::base {
namespace {

WriteTrial trialOf(int error) {
    switch (error) {
        case 0: return {};
        case EACCES: case EPERM: return {WriteObstacle::NoPermission, {}};
        case EROFS: return {WriteObstacle::ReadOnly, {}};
        case ENOSPC: case EDQUOT: return {WriteObstacle::Full, {}};
        default: return {WriteObstacle::Other, std::strerror(error)};
    }
}

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

std::optional<FileStamp> stampOf(const std::filesystem::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return std::nullopt;
    FileStamp stamp;
    stamp.device = info.st_dev;
    stamp.inode = info.st_ino;
    stamp.bytes = static_cast<std::uint64_t>(info.st_size);
    stamp.modifiedNs = nanoseconds(info.st_mtim);
    stamp.changedNs = nanoseconds(info.st_ctim);
    stamp.isRegular = S_ISREG(info.st_mode);
    return stamp;
}

WriteTrial tryWritingIn(const std::filesystem::path& folder) {
    // The leading dot: nobody's listing shows it in the moment that it exists.
    std::string file = (folder / ".larder-XXXXXX").string();
    const int fd = ::mkostemp(file.data(), O_CLOEXEC);
    if (fd < 0) return trialOf(errno);
    const int written = ::write(fd, "x", 1) == 1 ? 0 : errno;
    ::close(fd);
    ::unlink(file.c_str());
    if (written != 0) return trialOf(written);
    std::string inner = (folder / ".larder-XXXXXX").string();
    if (::mkdtemp(inner.data()) == nullptr) return trialOf(errno);
    ::rmdir(inner.c_str());
    return {};
}

bool canListFolder(const std::filesystem::path& folder) { return ::access(folder.c_str(), R_OK | X_OK) == 0; }

std::optional<std::uint64_t> freeDiskBytes(const std::filesystem::path& path) {
    struct statvfs figures {};
    if (::statvfs(path.c_str(), &figures) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(figures.f_bavail) * figures.f_frsize;
}

std::size_t longestFileName(const std::filesystem::path& folder) {
    const long longest = ::pathconf(folder.c_str(), _PC_NAME_MAX);
    return longest > 0 ? static_cast<std::size_t>(longest) : 255;
}

std::size_t longestPath() { return PATH_MAX - 1; }

}  // namespace larder::base
