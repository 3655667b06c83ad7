// A queue from any number of threads to one, the only way work crosses threads (design §4).
// post() from any thread, never blocks. One consumer either waits (wait*) or watches fd() in an event loop and drains.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/base/wake.h"

namespace larder::base {

enum class Urgency { AtOnce, Soon };

// For a consumer thread that blocks.
template <class T>
class Mailbox {
public:
    // False once closed: the message was dropped. Soon: a consumer that wants quiet (waitUntil) is not woken for it.
    // Notifies under the lock: a consumer that has seen the last message may destroy the mailbox at once, and this call
    // touches nothing after that.
    bool post(T message, Urgency urgency = Urgency::AtOnce) {
        std::lock_guard lock(m_mutex);
        if (m_closed) return false;
        m_messages.push_back(std::move(message));
        if (urgency == Urgency::AtOnce) m_urgent = true;
        if (m_urgent || !m_quiet) m_ready.notify_one();
        return true;
    }

    // Everything posted so far, at once; empty if nothing.
    std::vector<T> take() {
        std::lock_guard lock(m_mutex);
        return takeLocked();
    }

    // Blocks until there is something or the mailbox is closed (then possibly empty).
    std::vector<T> wait() {
        std::unique_lock lock(m_mutex);
        m_ready.wait(lock, [this] { return m_closed || !m_messages.empty(); });
        return takeLocked();
    }

    // As wait(), at most until the deadline (then empty). Until quietUntil, only an urgent message or the end wakes it:
    // where messages come often, each wake-up takes a core from whoever sends them.
    std::vector<T> waitUntil(std::chrono::steady_clock::time_point deadline, std::chrono::steady_clock::time_point quietUntil = {}) {
        std::unique_lock lock(m_mutex);
        m_quiet = quietUntil != std::chrono::steady_clock::time_point{};
        if (m_quiet) m_ready.wait_until(lock, std::min(deadline, quietUntil), [this] { return m_closed || m_urgent; });
        m_quiet = false;
        m_ready.wait_until(lock, deadline, [this] { return m_closed || !m_messages.empty(); });
        return takeLocked();
    }

    // Ends the queue: waiters wake, later posts return false. What is inside can still be taken.
    void close() {
        std::lock_guard lock(m_mutex);
        m_closed = true;
        m_ready.notify_all();
    }

    bool empty() const {
        std::lock_guard lock(m_mutex);
        return m_messages.empty();
    }

    bool closed() const {
        std::lock_guard lock(m_mutex);
        return m_closed;
    }

private:
    std::vector<T> takeLocked() {
        m_urgent = false;
        return std::exchange(m_messages, {});
    }

    mutable std::mutex m_mutex;
    std::condition_variable m_ready;
    std::vector<T> m_messages;
    bool m_urgent = false;  // one of the messages is
    bool m_quiet = false;   // the consumer waits for an urgent one
    bool m_closed = false;
};

// For a consumer that lives in an event loop: fd() becomes readable when a message is there.
template <class T>
class EventLoopMailbox {
public:
    // False once closed: the message was dropped. Signals under the lock, for the same reason as Mailbox.
    bool post(T message) {
        std::lock_guard lock(m_mutex);
        if (m_closed) return false;
        m_messages.push_back(std::move(message));
        if (!std::exchange(m_armed, true)) m_wake.signal();
        return true;
    }

    // Consumer thread only: clears the readiness of fd() and returns everything posted so far.
    std::vector<T> take() {
        m_wake.clear();
        std::lock_guard lock(m_mutex);
        m_armed = false;
        return std::exchange(m_messages, {});
    }

    // Later posts return false. What is inside can still be taken.
    void close() {
        std::lock_guard lock(m_mutex);
        m_closed = true;
    }

    int fd() const { return m_wake.fd(); }

private:
    std::mutex m_mutex;
    std::vector<T> m_messages;
    bool m_armed = false;
    bool m_closed = false;
    Wake m_wake;
};

}  // namespace larder::base
