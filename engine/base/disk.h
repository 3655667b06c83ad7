// What the disk says of a file or folder: which file it really is and when it changed, whether one can write there, the
// space it has. Any thread; may block on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace larder::base {

// Which file a path leads to, and a look at whether it changed since.
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t modifiedNs = 0;     // since 1970: its content
    std::int64_t changedNs = 0;      // its content, name or permissions
    bool isRegular = false;

    bool operator==(const FileStamp&) const = default;
};
// Follows links; nothing for what cannot be reached.
std::optional<FileStamp> stampOf(const std::filesystem::path& path);

// What stands in the way of making something.
enum class WriteObstacle { None, NoPermission, ReadOnly, Full, Other };

struct WriteTrial {
    WriteObstacle obstacle = WriteObstacle::None;
    std::string reason;  // the system's words for Other
};
// Makes an empty file (and a folder) in this existing folder and removes both.
WriteTrial tryWritingIn(const std::filesystem::path& folder);

// Whether this process may list the folder and reach what is in it.
bool canListFolder(const std::filesystem::path& folder);

// What this user may still write on the file system of an existing path; nothing if the system does not say.
std::optional<std::uint64_t> freeDiskBytes(const std::filesystem::path& path);

// The longest name of one file in this folder, and the longest path, in bytes.
std::size_t longestFileName(const std::filesystem::path& folder);
std::size_t longestPath();

}  // namespace larder::base
