#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>
#include <utility>

#include "engine/base/thread.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace larder::base {

Thread::Thread(std::string name, std::function<void()> body)
    : m_thread([threadName = name.substr(0, 15), run = std::move(body)] {
          ::pthread_setname_np(::pthread_self(), threadName.c_str());
          run();
      }) {}

Thread& Thread::operator=(Thread&& other) noexcept {
    join();
    m_thread = std::move(other.m_thread);
    return *this;
}

void Thread::join() {
    if (m_thread.joinable()) m_thread.join();
}

namespace {

// On Linux a nice value belongs to a thread, and new threads inherit it: one that is lower already stays there.
void lowerNiceTo(int nice) {
    const auto id = static_cast<id_t>(::syscall(SYS_gettid));
    if (::getpriority(PRIO_PROCESS, id) < nice) (void)::setpriority(PRIO_PROCESS, id, nice);
}

}  // namespace

void lowerThreadPriority() {
    lowerNiceTo(5);
}

void yieldToComputing() {
    lowerNiceTo(12);
}

void setFloatingPointMode() {
#if defined(__x86_64__)
    _mm_setcsr(0x1f80);  // all exceptions masked, round to nearest, FTZ and DAZ off
#elif defined(__aarch64__)
    asm volatile("msr fpcr, %0" ::"r"(0UL));
#endif
}

namespace {

// CPUs' worth of time that the control group of a container grants ("max 100000" or "150000 100000"), rounded up.
std::size_t grantedCpus() {
    std::ifstream file("/sys/fs/cgroup/cpu.max");
    double quota = 0;
    double period = 0;
    if (!(file >> quota >> period) || quota <= 0 || period <= 0) return std::numeric_limits<std::size_t>::max();
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(quota / period)));
}

}  // namespace

std::size_t physicalCores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    std::set<std::pair<int, int>> cores;
    std::size_t logical = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &allowed)) continue;
        ++logical;
        const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
        int package = -1;
        int core = -1;
        if (std::ifstream(folder + "physical_package_id") >> package && std::ifstream(folder + "core_id") >> core)
            cores.emplace(package, core);
    }
    // Without topology (some containers) every logical CPU counts.
    const std::size_t found = cores.empty() ? std::max<std::size_t>(1, logical) : cores.size();
    return std::min(found, grantedCpus());
}

std::int64_t processId() { return ::getpid(); }

}  // namespace larder::base
