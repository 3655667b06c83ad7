// What the sources for POSIX systems share: file descriptors, and reading and writing through them until all is done.
// Any thread; the verbs block on the disk. Every Error names the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

#include "engine/error.h"

namespace larder::base {

// Closes itself.
class Descriptor {
public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : m_fd(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(m_fd, other.m_fd);
        return *this;
    }

    int get() const { return m_fd; }
    int release() { return std::exchange(m_fd, -1); }

private:
    int m_fd;
};

// InvalidArgument when it is a folder, a pipe or the like.
Expected<void> checkRegular(int fd, const std::filesystem::path& path);
Expected<std::uint64_t> fileBytes(int fd, const std::filesystem::path& path);

// As many bytes as there are, fewer than asked only at the end of the file.
Expected<std::size_t> readFileAt(int fd, const std::filesystem::path& path, std::uint64_t offset, std::span<std::byte> bytes);
Expected<void> writeFileAt(int fd, const std::filesystem::path& path, std::uint64_t offset, std::span<const std::byte> bytes);
Expected<void> resizeFile(int fd, const std::filesystem::path& path, std::uint64_t bytes);
// What was written so far is on the disk, and the size with it.
Expected<void> syncFile(int fd, const std::filesystem::path& path);

// Names made, changed and removed in the folder so far survive a power cut.
Expected<void> syncFolder(const std::filesystem::path& folder);

}  // namespace larder::base
