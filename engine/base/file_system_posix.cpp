#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/descriptor.h"
#include "engine/base/disk.h"
#include "engine/base/file.h"
#include "engine/base/file_error.h"
#include "engine/base/file_system.h"

namespace larder::base {
namespace {

class DiskFile final : public OpenFile {
public:
    DiskFile(std::filesystem::path path, Descriptor fd) : m_path(std::move(path)), m_fd(std::move(fd)) {}

    Expected<std::uint64_t> size() const override { return fileBytes(m_fd.get(), m_path); }
    Expected<std::size_t> readAt(std::uint64_t offset, std::span<std::byte> bytes) const override {
        return readFileAt(m_fd.get(), m_path, offset, bytes);
    }
    Expected<void> writeAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
        return writeFileAt(m_fd.get(), m_path, offset, bytes);
    }
    Expected<void> resize(std::uint64_t bytes) override { return resizeFile(m_fd.get(), m_path, bytes); }
    Expected<void> sync() override { return syncFile(m_fd.get(), m_path); }

#if defined(POSIX_FADV_WILLNEED)
    void expectRead(std::uint64_t offset, std::uint64_t bytes) const override {
        (void)::posix_fadvise(m_fd.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
    }
    void forget() const override { (void)::posix_fadvise(m_fd.get(), 0, 0, POSIX_FADV_DONTNEED); }
#else
    void expectRead(std::uint64_t, std::uint64_t) const override {}
    void forget() const override {}
#endif

private:
    std::filesystem::path m_path;
    Descriptor m_fd;
};

class DiskLock final : public FileLockHandle {
public:
    explicit DiskLock(FileLock lock) : m_lock(std::move(lock)) {}

private:
    FileLock m_lock;
};

// O_NONBLOCK: opening a pipe that nobody writes to must not hang; it means nothing for a regular file.
int flagsOf(OpenMode mode) {
    constexpr int kAlways = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    switch (mode) {
        case OpenMode::Read: return kAlways | O_RDONLY;
        case OpenMode::Write: return kAlways | O_RDWR | O_CREAT;
        case OpenMode::Replace: return kAlways | O_RDWR | O_CREAT | O_TRUNC;
    }
    return kAlways | O_RDONLY;
}

class DiskFileSystem final : public FileSystem {
public:
    Expected<std::unique_ptr<OpenFile>> open(const std::filesystem::path& path, OpenMode mode) override {
        Descriptor fd(::open(path.c_str(), flagsOf(mode), 0600));
        if (fd.get() < 0) return fileError("open", path, errno);
        if (auto regular = checkRegular(fd.get(), path); !regular.ok()) return regular.error();
        return std::unique_ptr<OpenFile>(std::make_unique<DiskFile>(path, std::move(fd)));
    }

    Expected<std::vector<FolderEntry>> list(const std::filesystem::path& folder) override {
        std::error_code failure;
        std::vector<FolderEntry> entries;
        std::filesystem::directory_iterator entry(folder, failure);
        while (!failure && entry != std::filesystem::directory_iterator()) {
            std::error_code vanished;  // between the listing and now: then it is no folder
            const bool isFolder = entry->symlink_status(vanished).type() == std::filesystem::file_type::directory;
            entries.push_back({entry->path().filename().string(), isFolder});
            entry.increment(failure);
        }
        if (failure) return fileError("list", folder, failure.value());
        return entries;
    }

    bool exists(const std::filesystem::path& path) override {
        struct stat info {};
        return ::lstat(path.c_str(), &info) == 0;
    }

    std::uint64_t diskBytes(const std::filesystem::path& path) override {
        struct stat info {};
        if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return 0;
        return static_cast<std::uint64_t>(std::max<std::int64_t>(info.st_size, std::int64_t{info.st_blocks} * 512));
    }

    Expected<void> makeFolder(const std::filesystem::path& path) override { return base::makeFolder(path, 0700); }

    Expected<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) return fileError("rename", from, errno);
        return {};
    }

    Expected<void> remove(const std::filesystem::path& path) override {
        if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
        if (errno != EISDIR && errno != EPERM) return fileError("delete", path, errno);
        const int number = errno;
        if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
        return fileError("delete", path, errno == ENOTDIR ? number : errno);
    }

    Expected<void> syncFolder(const std::filesystem::path& folder) override { return base::syncFolder(folder); }

    Expected<std::uint64_t> freeBytes(const std::filesystem::path& folder) override {
        const auto bytes = freeDiskBytes(folder);
        if (!bytes) return fileError("measure the free space of", folder, errno);
        return *bytes;
    }

    Expected<std::unique_ptr<FileLockHandle>> lock(const std::filesystem::path& path) override {
        auto held = FileLock::acquire(path);
        if (!held.ok()) return held.error();
        return std::unique_ptr<FileLockHandle>(std::make_unique<DiskLock>(std::move(*held)));
    }

    std::int64_t unixMs() const override { return wallMs(); }
};

}  // namespace

FileSystem& realFileSystem() {
    static DiskFileSystem files;
    return files;
}

}  // namespace larder::base
