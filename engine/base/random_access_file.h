// A file that is written at any place and read while it grows, for one process at a time; and durable renames.
// Every Error names the path. Reading and writing different places from several threads is fine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "engine/error.h"

namespace larder::base {

class RandomAccessFile {
public:
    // Opens the regular file, or makes it with these permission bits, and takes an flock() on it that ends with the object
    // or the process. Unavailable when another process (or object) has it. A symbolic link is refused.
    static Expected<RandomAccessFile> openLocked(const std::filesystem::path& path, unsigned mode);
    ~RandomAccessFile();
    RandomAccessFile(RandomAccessFile&& other) noexcept;
    RandomAccessFile& operator=(RandomAccessFile&& other) noexcept;

    const std::filesystem::path& path() const { return m_path; }
    Expected<std::uint64_t> size() const;

    Expected<void> writeAt(std::uint64_t offset, std::string_view bytes);
    // As many bytes as there are, fewer than asked only at the end of the file.
    Expected<std::size_t> readAt(std::uint64_t offset, std::span<std::byte> bytes) const;

    // Makes the file this long and takes the space for it now where the file system can; what is inside stays.
    // NoSpace when there is not enough; Io for a size that the file system does not know.
    Expected<void> reserve(std::uint64_t bytes);
    Expected<void> resize(std::uint64_t bytes);
    // Everything written so far is on the disk. Blocks.
    Expected<void> sync() const;

private:
    RandomAccessFile(std::filesystem::path path, int fd) : m_path(std::move(path)), m_fd(fd) {}
    std::filesystem::path m_path;
    int m_fd = -1;
};

// Disk space that the file takes now, which may be less or more than its size; 0 if there is none.
std::uint64_t allocatedBytes(const std::filesystem::path& path);

// Replaces to, if there is one, and survives a power cut. REQUIRES: same folder, the file is synced.
Expected<void> renameDurably(const std::filesystem::path& from, const std::filesystem::path& to);

// No file of that name is fine.
Expected<void> removeFile(const std::filesystem::path& path);

}  // namespace larder::base
