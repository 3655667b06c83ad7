// The latest value of something, published by one thread and copied by many. Never blocks for longer than a copy.
#pragma once

#include <mutex>
#include <utility>

namespace larder::base {

template <class T>
class Snapshot {
public:
    Snapshot() = default;
    explicit Snapshot(T initial) : m_value(std::move(initial)) {}

    void publish(T value) {
        std::lock_guard lock(m_mutex);
        m_value = std::move(value);
    }

    T read() const {
        std::lock_guard lock(m_mutex);
        return m_value;
    }

private:
    mutable std::mutex m_mutex;
    T m_value{};
};

}  // namespace larder::base
