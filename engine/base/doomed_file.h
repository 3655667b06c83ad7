// One file that says "this process is busy with something" and must not outlive a process that ends on purpose, even when
// it ends inside a signal handler. One at a time.
#pragma once

#include <filesystem>

namespace larder::base {

void setDoomedFile(const std::filesystem::path& path);  // any thread, one at a time
void clearDoomedFile();
void removeDoomedFile() noexcept;  // safe in a signal handler; without a doomed file nothing happens

}  // namespace larder::base
