#include "app/stop_signal.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "engine/server.h"

namespace larder::app {
namespace {

constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};
constexpr int kExitWhenAskedTwice = 130;  // as shells report a process that SIGINT ended

// All that a signal handler may touch: it runs between any two instructions of any thread.
struct Shared {
    std::atomic<int> exitCodeBefore{0};
    std::atomic<bool> collecting{false};
    std::atomic<bool> leave{false};
    std::atomic<int> pending{0};
    std::atomic<int> writeEnd{-1};
};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
Shared g_shared;

[[noreturn]] void endNow(int code) {
    forgetLoadUnderWay();
    ::_exit(code);
}

void onSignal(int number) {
    const int savedErrno = errno;
    if (!g_shared.collecting) endNow(g_shared.exitCodeBefore);
    if (g_shared.pending.fetch_add(1) > 0) endNow(kExitWhenAskedTwice);
    if (number != SIGINT) g_shared.leave = true;
    const char byte = 0;
    (void)!::write(g_shared.writeEnd, &byte, 1);
    errno = savedErrno;
}

}  // namespace

StopSignal::StopSignal(int exitCodeBefore) {
    if (::pipe2(m_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        std::perror("larder: cannot create a pipe");
        std::abort();
    }
    g_shared.exitCodeBefore = exitCodeBefore;
    g_shared.collecting = false;
    g_shared.leave = false;
    g_shared.pending = 0;
    g_shared.writeEnd = m_pipe[1];
    struct sigaction action {};
    action.sa_handler = onSignal;
    action.sa_flags = SA_RESTART;
    for (const int number : kSignals) {
        struct sigaction current {};
        // nohup's wish is respected. SIGINT is taken even so: shells ignore it for every background job.
        ::sigaction(number, nullptr, &current);
        if (number == SIGHUP && current.sa_handler == SIG_IGN) continue;
        ::sigaction(number, &action, nullptr);
    }
}

StopSignal::~StopSignal() {
    for (const int number : kSignals) {
        struct sigaction current {};
        ::sigaction(number, nullptr, &current);
        if (current.sa_handler == onSignal) std::signal(number, SIG_DFL);
    }
    g_shared.writeEnd = -1;
    ::close(m_pipe[0]);
    ::close(m_pipe[1]);
}

void StopSignal::collect() { g_shared.collecting = true; }

void StopSignal::wait() {
    pollfd readable{m_pipe[0], POLLIN, 0};
    while (::poll(&readable, 1, -1) < 0 && errno == EINTR) {}
}

bool StopSignal::take() {
    char byte = 0;
    bool arrived = false;
    while (::read(m_pipe[0], &byte, 1) == 1) arrived = true;
    g_shared.pending = 0;
    return arrived;
}

bool StopSignal::leave() const { return g_shared.leave; }

int StopSignal::fd() const { return m_pipe[0]; }

}  // namespace larder::app
