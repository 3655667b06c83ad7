// Files as values: a read-only memory map, reading and atomically replacing small files, an exclusive lock on a folder.
// Every Error names the path. One thread at a time per object.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "engine/error.h"

namespace larder::base {

// The bytes of a file, mapped read-only. Stays valid until destroyed, wherever the object moves. If another program
// truncates the file meanwhile, reads past the new end kill the process (SIGBUS): models are not edited in place.
class MappedFile {
public:
    static Expected<MappedFile> open(const std::filesystem::path& path);  // regular files only; an empty file is empty
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;

    std::span<const std::byte> bytes() const { return m_bytes; }
    const std::filesystem::path& path() const { return m_path; }

    // Tells the system that [offset, offset + size) will not be read again: its pages leave RAM.
    void release(std::size_t offset, std::size_t size) const;
    // Tells the system that the whole file is about to be read in order.
    void expectSequentialRead() const;

private:
    MappedFile() = default;
    std::filesystem::path m_path;
    std::span<const std::byte> m_bytes;
};

// The whole of a regular file; Error when larger than maxBytes.
Expected<std::string> readFile(const std::filesystem::path& path, std::size_t maxBytes);

// Replaces path by a file with this text and these permission bits: temp file, fsync, rename. All or nothing.
Expected<void> writeFileAtomically(const std::filesystem::path& path, std::string_view text, unsigned mode);

// Makes the folder and its parents; new ones get these permission bits. Existing is fine.
Expected<void> makeFolder(const std::filesystem::path& path, unsigned mode);

// flock() on a file, held until destroyed; released by the system when the process dies.
class FileLock {
public:
    // Unavailable when someone else holds it.
    static Expected<FileLock> acquire(const std::filesystem::path& path);
    ~FileLock();
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;

private:
    explicit FileLock(int fd) : m_fd(fd) {}
    int m_fd = -1;
};

}  // namespace larder::base
