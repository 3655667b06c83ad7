// What is done with a database that turned out broken, or that nobody wants any more. Any thread; blocks on the disk.
#pragma once

#include <filesystem>

#include "engine/base/file_system.h"
#include "engine/error.h"

namespace larder::records {

// Moves it (and what SQLite keeps beside it) out of the way, as FILE.broken. REQUIRES that nobody has it open.
Expected<void> setAside(const std::filesystem::path& file, base::FileSystem& files);

// With what SQLite keeps beside it; none is fine. REQUIRES that nobody has it open.
Expected<void> removeDatabase(const std::filesystem::path& file, base::FileSystem& files);

}  // namespace larder::records
