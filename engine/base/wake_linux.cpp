#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "engine/base/wake.h"

namespace larder::base {

Wake::Wake() : m_fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (m_fd < 0) {
        // Only descriptors running out leads here, and nothing works without one.
        std::perror("larder: cannot create an event descriptor");
        std::abort();
    }
}

Wake::~Wake() { ::close(m_fd); }

void Wake::signal() {
    const std::uint64_t one = 1;
    while (::write(m_fd, &one, sizeof one) < 0 && errno == EINTR) {}
}

void Wake::clear() {
    std::uint64_t count = 0;
    while (::read(m_fd, &count, sizeof count) < 0 && errno == EINTR) {}
}

}  // namespace larder::base
