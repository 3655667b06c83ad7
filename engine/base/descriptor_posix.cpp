#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

#include "engine/base/descriptor.h"
#include "engine/base/file_error.h"

namespace larder::base {

Descriptor::~Descriptor() {
    if (m_fd >= 0) ::close(m_fd);
}

Expected<void> checkRegular(int fd, const std::filesystem::path& path) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) return fileError("read", path, errno);
    if (!S_ISREG(info.st_mode)) return Error{ErrorCode::InvalidArgument, path.string() + " is not a regular file"};
    return {};
}

Expected<std::uint64_t> fileBytes(int fd, const std::filesystem::path& path) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) return fileError("read", path, errno);
    return static_cast<std::uint64_t>(info.st_size);
}

Expected<std::size_t> readFileAt(int fd, const std::filesystem::path& path, std::uint64_t offset, std::span<std::byte> bytes) {
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t count = ::pread(fd, bytes.data() + got, bytes.size() - got, static_cast<off_t>(offset + got));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fileError("read", path, errno);
        if (count == 0) break;
        got += static_cast<std::size_t>(count);
    }
    return got;
}

Expected<void> writeFileAt(int fd, const std::filesystem::path& path, std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fileError("write", path, errno);
        offset += static_cast<std::uint64_t>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Expected<void> resizeFile(int fd, const std::filesystem::path& path, std::uint64_t bytes) {
    if (bytes > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) return fileError("write", path, EFBIG);
    while (::ftruncate(fd, static_cast<off_t>(bytes)) != 0)
        if (errno != EINTR) return fileError("write", path, errno);
    return {};
}

Expected<void> syncFile(int fd, const std::filesystem::path& path) {
#if defined(__linux__)
    while (::fdatasync(fd) != 0)
#else
    while (::fsync(fd) != 0)
#endif
        if (errno != EINTR) return fileError("write", path, errno);
    return {};
}

Expected<void> syncFolder(const std::filesystem::path& folder) {
    const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return fileError("open", folder, errno);
    while (::fsync(fd.get()) != 0) {
        if (errno == EINVAL) return {};  // some network disks know no such thing
        if (errno != EINTR) return fileError("write", folder, errno);
    }
    return {};
}

}  // namespace larder::base
