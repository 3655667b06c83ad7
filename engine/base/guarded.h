// A value that several threads read and change: only inside with(), under its lock. For short, non-blocking changes.
#pragma once

#include <mutex>
#include <utility>

namespace larder::base {

template <class T>
class Guarded {
public:
    Guarded() = default;
    explicit Guarded(T initial) : m_value(std::move(initial)) {}

    // What change(value) returns, by value. REQUIRES: change neither blocks nor calls with() of the same object.
    template <class Change>
    auto with(Change&& change) {
        std::lock_guard lock(m_mutex);
        return change(m_value);
    }
    template <class Look>
    auto with(Look&& look) const {
        std::lock_guard lock(m_mutex);
        return look(m_value);
    }

private:
    mutable std::mutex m_mutex;
    T m_value{};
};

}  // namespace larder::base
