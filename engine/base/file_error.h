// What the system says of files, as an Error. Any thread.
#pragma once

#include <filesystem>
#include <string>

#include "engine/error.h"

namespace larder::base {

// "cannot open /x/y: No such file or directory". doing: "open"; number: of errno.
Error fileError(const std::string& doing, const std::filesystem::path& path, int number);

}  // namespace larder::base
