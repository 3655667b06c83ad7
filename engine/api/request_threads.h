// The threads that requests run on: one for each generation that runs or waits, and a few for quick work (tokenising,
// lists), and a few for errands that take long (reading all of the cache on the disk), each kind with its own limit so that one
// never stops another.
// start*() and the destructor: one thread at a time (the http thread); active(): any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "engine/api/request_events.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread.h"

namespace larder::api {

class RequestThreads {
public:
    using Work = std::function<void(const std::shared_ptr<RequestMailbox>&)>;

    RequestThreads(std::size_t maxGenerations, std::size_t maxQuick, std::size_t maxErrands)
        : m_generations{maxGenerations, {}}, m_quick{maxQuick, {}}, m_errands{maxErrands, {}} {}
    ~RequestThreads();  // posts ServerStopping to every mailbox and joins

    RequestThreads(const RequestThreads&) = delete;
    RequestThreads& operator=(const RequestThreads&) = delete;

    // Runs work on a thread of its own. False: the limit is reached, or the system gives no thread; work was not run.
    bool startGeneration(Work work) { return start(m_generations, std::move(work)); }
    bool startQuick(Work work) { return start(m_quick, std::move(work)); }
    bool startErrand(Work work) { return start(m_errands, std::move(work)); }

    // Threads whose work is not over; everything a work held is gone before it stops counting.
    std::size_t active() const { return m_generations.active.load() + m_quick.active.load() + m_errands.active.load(); }

private:
    struct Slots {
        std::size_t limit = 0;
        std::atomic<std::size_t> active{0};
    };
    struct Running {
        base::Thread thread;
        std::shared_ptr<RequestMailbox> mailbox;
    };

    bool start(Slots& slots, Work work);
    void reap();

    Slots m_generations;
    Slots m_quick;
    Slots m_errands;
    std::map<std::uint64_t, Running> m_running;  // with those finished but not reaped
    base::Mailbox<std::uint64_t> m_finished;
    std::uint64_t m_nextId = 0;
};

}  // namespace larder::api
