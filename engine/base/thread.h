// A named thread that is joined by its destructor, and what can be asked of the machine's cores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace larder::base {

class Thread {
public:
    Thread() = default;
    // name: at most 15 characters are shown by the system. body must not throw.
    Thread(std::string name, std::function<void()> body);
    ~Thread() { join(); }
    Thread(Thread&&) noexcept = default;
    Thread& operator=(Thread&& other) noexcept;

    void join();  // no effect when never started or already joined
    bool joinable() const { return m_thread.joinable(); }

private:
    std::thread m_thread;
};

// Lowers the calling thread's priority a little, so that the desktop stays responsive. Failure is ignored.
void lowerThreadPriority();

// Lowers it further, below threads of that kind; for work that others should hardly notice. Threads that the calling one
// starts from now on are as low.
void yieldToComputing();

// Round to nearest, no flush to zero, no denormals-are-zero on the calling thread (design §6).
void setFloatingPointMode();

// Physical cores this process may run on, no more than its share of CPU time in a container pays for; at least 1.
std::size_t physicalCores();

// The system's number of this process.
std::int64_t processId();

}  // namespace larder::base
