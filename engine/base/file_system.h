// Files behind a seam, so that what keeps data on the disk can be tested without one: the real file system, one in memory, and
// one that fails on purpose (tests/support/faulty_file_system.h). Every Error names the path; NoSpace and PermissionDenied are
// told apart from Io. Any thread; verbs may block on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/error.h"

namespace larder::base {

// An open file. Reading and writing different places from several threads is fine. Closed by its destructor.
class OpenFile {
public:
    virtual ~OpenFile() = default;
    virtual Expected<std::uint64_t> size() const = 0;
    // As many bytes as there are, fewer than asked only at the end of the file.
    virtual Expected<std::size_t> readAt(std::uint64_t offset, std::span<std::byte> bytes) const = 0;
    virtual Expected<void> writeAt(std::uint64_t offset, std::span<const std::byte> bytes) = 0;  // all of them, or an Error
    virtual Expected<void> resize(std::uint64_t bytes) = 0;
    // What was written so far survives a power cut, once the name of the file does. Blocks.
    virtual Expected<void> sync() = 0;
    // Tells the system that [offset, offset + bytes) will be read soon: it may start now. A hint.
    virtual void expectRead(std::uint64_t offset, std::uint64_t bytes) const = 0;
    // Tells the system that what it keeps of this file in RAM will not be wanted soon. A hint.
    virtual void forget() const = 0;
};

enum class OpenMode {
    Read,         // NotFound when there is none
    Write,        // read and write; made (mode 0600) when there is none
    Replace       // read and write; made (mode 0600), or emptied
};

struct FolderEntry {
    std::string name;
    bool isFolder = false;
};

class FileLockHandle {
public:
    virtual ~FileLockHandle() = default;  // lets go; the system does when the process dies
};

class FileSystem {
public:
    virtual ~FileSystem() = default;

    // Regular files only; a symbolic link as the last part of the path is refused.
    virtual Expected<std::unique_ptr<OpenFile>> open(const std::filesystem::path& path, OpenMode mode) = 0;
    virtual Expected<std::vector<FolderEntry>> list(const std::filesystem::path& folder) = 0;  // in no order
    virtual bool exists(const std::filesystem::path& path) = 0;
    // Disk space the file takes: what is allocated for it, or its size where that is more; 0 if there is none.
    virtual std::uint64_t diskBytes(const std::filesystem::path& path) = 0;
    virtual Expected<void> makeFolder(const std::filesystem::path& path) = 0;  // with its parents, mode 0700; existing is fine
    // Replaces to, if there is one, at once; survives a power cut after syncFolder() of its folder.
    virtual Expected<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
    virtual Expected<void> remove(const std::filesystem::path& path) = 0;      // file or empty folder; none of that name is fine
    virtual Expected<void> syncFolder(const std::filesystem::path& folder) = 0;
    virtual Expected<std::uint64_t> freeBytes(const std::filesystem::path& folder) = 0;  // what this user may still write
    // Unavailable when another holder has it. Makes the file.
    virtual Expected<std::unique_ptr<FileLockHandle>> lock(const std::filesystem::path& path) = 0;
    // Wall clock, ms since 1970. May jump either way.
    virtual std::int64_t unixMs() const = 0;
};

// The disk. Lives as long as the process.
FileSystem& realFileSystem();

// Files that end with the object. capacityBytes: then NoSpace.
std::unique_ptr<FileSystem> makeMemoryFileSystem(std::uint64_t capacityBytes = std::uint64_t{1} << 40);

}  // namespace larder::base
