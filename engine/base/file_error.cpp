#include "engine/base/file_error.h"

#include <cerrno>
#include <cstring>

namespace larder::base {
namespace {

ErrorCode fileErrorCode(int number) {
    switch (number) {
        case ENOENT: case ENOTDIR: return ErrorCode::NotFound;
        case EACCES: case EPERM: case EROFS: return ErrorCode::PermissionDenied;
        case ENOSPC: case EDQUOT: return ErrorCode::NoSpace;
        case ELOOP: case EISDIR: return ErrorCode::InvalidArgument;
        default: return ErrorCode::Io;
    }
}

std::string reasonOf(int number) {
    switch (number) {
        case ENOSPC: return "the disk is full";
        case EDQUOT: return "your disk quota is used up";
        case EFBIG: return "files of this size are not possible there (a FAT disk, or a limit)";
        case ELOOP: return "it is a symbolic link";
        default: return std::strerror(number);
    }
}

}  // namespace

Error fileError(const std::string& doing, const std::filesystem::path& path, int number) {
    return {fileErrorCode(number), "cannot " + doing + " " + path.string() + ": " + reasonOf(number)};
}

}  // namespace larder::base
