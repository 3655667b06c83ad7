#include "engine/base/random_access_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace larder::base {
namespace {

Error placedFileError(const std::string& doing, const std::filesystem::path& path, int error) {
    const std::string subject = "cannot " + doing + " " + path.string() + ": ";
    switch (error) {
        case ENOENT: case ENOTDIR: return {ErrorCode::NotFound, subject + std::strerror(error)};
        case EACCES: case EPERM: case EROFS: return {ErrorCode::PermissionDenied, subject + std::strerror(error)};
        case ENOSPC: return {ErrorCode::NoSpace, subject + "the disk is full"};
        case EDQUOT: return {ErrorCode::NoSpace, subject + "your disk quota is used up"};
        case EFBIG: return {ErrorCode::Io, subject + "files of this size are not possible there (a FAT disk, or a limit)"};
        default: return {ErrorCode::Io, subject + std::strerror(error)};
    }
}

bool sameFile(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

Error heldError(const std::filesystem::path& path) {
    return {ErrorCode::Unavailable, path.string() + " is held by another process"};
}

}  // namespace

Expected<RandomAccessFile> RandomAccessFile::openLocked(const std::filesystem::path& path, unsigned mode) {
    // Whoever held the lock may have renamed the file between our open() and flock(): then it is another one's by now.
    constexpr int kTries = 10;
    for (int i = 0; i < kTries; ++i) {
        const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode);
        if (fd < 0) return placedFileError("open", path, errno);
        RandomAccessFile file(path, fd);
        struct stat opened {};
        struct stat named {};
        if (::fstat(fd, &opened) != 0) return placedFileError("open", path, errno);
        if (!S_ISREG(opened.st_mode)) return Error{ErrorCode::Io, path.string() + " is not a regular file"};
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
            return errno == EWOULDBLOCK ? heldError(path) : placedFileError("lock", path, errno);
        if (::lstat(path.c_str(), &named) != 0 || !sameFile(opened, named)) continue;
        (void)::fchmod(fd, mode);  // not every file system has permission bits
        return file;
    }
    return heldError(path);
}

RandomAccessFile::~RandomAccessFile() {
    if (m_fd >= 0) ::close(m_fd);
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : m_path(std::move(other.m_path)), m_fd(std::exchange(other.m_fd, -1)) {}

RandomAccessFile& RandomAccessFile::operator=(RandomAccessFile&& other) noexcept {
    std::swap(m_path, other.m_path);
    std::swap(m_fd, other.m_fd);
    return *this;
}

Expected<std::uint64_t> RandomAccessFile::size() const {
    struct stat info {};
    if (::fstat(m_fd, &info) != 0) return placedFileError("read", m_path, errno);
    return static_cast<std::uint64_t>(info.st_size);
}

Expected<void> RandomAccessFile::writeAt(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(m_fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return placedFileError("write", m_path, errno);
        offset += static_cast<std::uint64_t>(written);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Expected<std::size_t> RandomAccessFile::readAt(std::uint64_t offset, std::span<std::byte> bytes) const {
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t count = ::pread(m_fd, bytes.data() + got, bytes.size() - got, static_cast<off_t>(offset + got));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return placedFileError("read", m_path, errno);
        if (count == 0) break;
        got += static_cast<std::size_t>(count);
    }
    return got;
}

Expected<void> RandomAccessFile::reserve(std::uint64_t bytes) {
    if (bytes > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) return placedFileError("write", m_path, EFBIG);
    if (auto sized = resize(bytes); !sized.ok()) return sized;
#if defined(__linux__)
    // Not posix_fallocate(): where the file system cannot do it, that writes every block.
    if (bytes == 0) return {};
    while (::fallocate(m_fd, 0, 0, static_cast<off_t>(bytes)) != 0) {
        if (errno == EINTR) continue;
        if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) return placedFileError("write", m_path, errno);
        break;  // not supported here: the file stays sparse
    }
#endif
    return {};
}

Expected<void> RandomAccessFile::resize(std::uint64_t bytes) {
    while (::ftruncate(m_fd, static_cast<off_t>(bytes)) != 0)
        if (errno != EINTR) return placedFileError("write", m_path, errno);
    return {};
}

Expected<void> RandomAccessFile::sync() const {
#if defined(__linux__)
    if (::fdatasync(m_fd) == 0) return {};
#else
    if (::fsync(m_fd) == 0) return {};
#endif
    return placedFileError("write", m_path, errno);
}

std::uint64_t allocatedBytes(const std::filesystem::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return 0;
    return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

Expected<void> renameDurably(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return placedFileError("write", to, errno);
    const int folder = ::open(to.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return {};  // the folder may be write-only; the file itself is whole either way
    (void)::fsync(folder);
    ::close(folder);
    return {};
}

Expected<void> removeFile(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return placedFileError("delete", path, errno);
    return {};
}

}  // namespace larder::base
