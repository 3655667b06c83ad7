// A file descriptor that another thread can make readable: eventfd on Linux. signal() from any thread, clear() from one.
#pragma once

namespace larder::base {

class Wake {
public:
    Wake();
    ~Wake();
    Wake(const Wake&) = delete;
    Wake& operator=(const Wake&) = delete;

    void signal();
    void clear();  // never blocks
    int fd() const { return m_fd; }

private:
    int m_fd = -1;
};

}  // namespace larder::base
