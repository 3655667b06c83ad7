#include "engine/base/random_access_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/base/descriptor.h"
#include "engine/base/file_error.h"

namespace larder::base {
namespace {

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
        if (fd < 0) return fileError("open", path, errno);
        RandomAccessFile file(path, fd);
        struct stat opened {};
        struct stat named {};
        if (::fstat(fd, &opened) != 0) return fileError("open", path, errno);
        if (!S_ISREG(opened.st_mode)) return Error{ErrorCode::Io, path.string() + " is not a regular file"};
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
            return errno == EWOULDBLOCK ? heldError(path) : fileError("lock", path, errno);
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

Expected<std::uint64_t> RandomAccessFile::size() const { return fileBytes(m_fd, m_path); }

Expected<void> RandomAccessFile::writeAt(std::uint64_t offset, std::string_view bytes) {
    return writeFileAt(m_fd, m_path, offset, std::as_bytes(std::span(bytes)));
}

Expected<std::size_t> RandomAccessFile::readAt(std::uint64_t offset, std::span<std::byte> bytes) const {
    return readFileAt(m_fd, m_path, offset, bytes);
}

Expected<void> RandomAccessFile::reserve(std::uint64_t bytes) {
    if (auto sized = resize(bytes); !sized.ok()) return sized;
#if defined(__linux__)
    // Not posix_fallocate(): where the file system cannot do it, that writes every block.
    if (bytes == 0) return {};
    while (::fallocate(m_fd, 0, 0, static_cast<off_t>(bytes)) != 0) {
        if (errno == EINTR) continue;
        if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) return fileError("write", m_path, errno);
        break;  // not supported here: the file stays sparse
    }
#endif
    return {};
}

Expected<void> RandomAccessFile::resize(std::uint64_t bytes) { return resizeFile(m_fd, m_path, bytes); }

Expected<void> RandomAccessFile::sync() const { return syncFile(m_fd, m_path); }

std::uint64_t allocatedBytes(const std::filesystem::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return 0;
    return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

Expected<void> renameDurably(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return fileError("write", to, errno);
    (void)syncFolder(to.parent_path());  // the folder may be write-only; the file itself is whole either way
    return {};
}

Expected<void> removeFile(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fileError("delete", path, errno);
    return {};
}

}  // namespace larder::base
