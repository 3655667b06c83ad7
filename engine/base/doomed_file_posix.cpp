#include "engine/base/doomed_file.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

namespace larder::base {
namespace {

// All that a handler may touch. The path is only written while the flag is down.
std::array<char, 4096> g_doomedPath{};
std::atomic<bool> g_doomed{false};
static_assert(std::atomic<bool>::is_always_lock_free);

}  // namespace

void setDoomedFile(const std::filesystem::path& path) {
    g_doomed = false;
    const std::string text = path.string();
    if (text.size() >= g_doomedPath.size()) return;
    std::memcpy(g_doomedPath.data(), text.c_str(), text.size() + 1);
    g_doomed = true;
}

void clearDoomedFile() { g_doomed = false; }

void removeDoomedFile() noexcept {
    const int savedErrno = errno;
    if (g_doomed) (void)::unlink(g_doomedPath.data());
    errno = savedErrno;
}

}  // namespace larder::base
