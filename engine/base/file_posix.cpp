#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/base/descriptor.h"
#include "engine/base/file.h"
#include "engine/base/file_error.h"

namespace larder::base {
namespace {

// O_NONBLOCK: opening a pipe that nobody writes to must not hang; it means nothing for a regular file.
int openForReading(const std::filesystem::path& path) {
    return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

}  // namespace

Expected<MappedFile> MappedFile::open(const std::filesystem::path& path) {
    const Descriptor fd(openForReading(path));
    if (fd.get() < 0) return fileError("open", path, errno);
    if (auto regular = checkRegular(fd.get(), path); !regular.ok()) return regular.error();
    const auto bytes = fileBytes(fd.get(), path);
    if (!bytes.ok()) return bytes.error();
    MappedFile file;
    file.m_path = path;
    if (*bytes == 0) return file;
    const auto size = static_cast<std::size_t>(*bytes);
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (address == MAP_FAILED) return fileError("map", path, errno);
    file.m_bytes = {static_cast<const std::byte*>(address), size};
    return file;
}

MappedFile::~MappedFile() {
    if (!m_bytes.empty()) ::munmap(const_cast<std::byte*>(m_bytes.data()), m_bytes.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : m_path(std::move(other.m_path)), m_bytes(std::exchange(other.m_bytes, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(m_path, other.m_path);
    std::swap(m_bytes, other.m_bytes);
    return *this;
}

void MappedFile::release(std::size_t offset, std::size_t size) const {
    // Whole pages inside the range only; what shares a page with a neighbour stays.
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t first = (offset + page - 1) / page * page;
    const std::size_t last = (offset + size) / page * page;
    if (first < last) ::madvise(const_cast<std::byte*>(m_bytes.data()) + first, last - first, MADV_DONTNEED);
}

void MappedFile::expectSequentialRead() const {
    if (!m_bytes.empty()) ::madvise(const_cast<std::byte*>(m_bytes.data()), m_bytes.size(), MADV_WILLNEED);
}

Expected<std::string> readFile(const std::filesystem::path& path, std::size_t maxBytes) {
    const Descriptor fd(openForReading(path));
    if (fd.get() < 0) return fileError("open", path, errno);
    if (auto regular = checkRegular(fd.get(), path); !regular.ok()) return regular.error();
    std::string text;
    char buffer[16384];
    for (;;) {
        const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fileError("read", path, errno);
        if (got == 0) return text;
        if (text.size() + static_cast<std::size_t>(got) > maxBytes)
            return Error{ErrorCode::InvalidArgument, path.string() + " is larger than " + std::to_string(maxBytes) + " bytes"};
        text.append(buffer, static_cast<std::size_t>(got));
    }
}

Expected<void> writeFileAtomically(const std::filesystem::path& path, std::string_view text, unsigned mode) {
    std::string temp = path.string() + ".XXXXXX";
    Descriptor fd(::mkostemp(temp.data(), O_CLOEXEC));
    if (fd.get() < 0) return fileError("write", path, errno);
    Expected<void> done = writeFileAt(fd.get(), path, 0, std::as_bytes(std::span(text)));
    if (done.ok() && (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0 || ::rename(temp.c_str(), path.c_str()) != 0))
        done = fileError("write", path, errno);
    if (!done.ok()) {
        ::unlink(temp.c_str());
        return done;
    }
    // Best effort: the file itself is whole either way.
    (void)syncFolder(path.has_parent_path() ? path.parent_path() : ".");
    return {};
}

Expected<void> makeFolder(const std::filesystem::path& path, unsigned mode) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return {};
    if (path.has_parent_path() && path.parent_path() != path) {
        if (auto parent = makeFolder(path.parent_path(), mode); !parent.ok()) return parent;
    }
    if (::mkdir(path.c_str(), mode) == 0) return {};
    const int error = errno;
    if (error == EEXIST && std::filesystem::is_directory(path, ignored)) return {};
    return fileError("make the folder", path, error);
}

Expected<FileLock> FileLock::acquire(const std::filesystem::path& path) {
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (fd.get() < 0) return fileError("open", path, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return Error{ErrorCode::Unavailable, path.string() + " is held by another process"};
        return fileError("lock", path, errno);
    }
    return FileLock(fd.release());
}

FileLock::~FileLock() { if (m_fd >= 0) ::close(m_fd); }
FileLock::FileLock(FileLock&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
    std::swap(m_fd, other.m_fd);
    return *this;
}

}  // namespace larder::base
