#include "engine/base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/thread.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace larder::base {
namespace {

// Long enough to bridge the gap between two stages of a forward pass, short enough to be polite when idle: a futex
// wake-up costs about 30 us, a spin 0.1 us (kernels.md).
constexpr auto kSpinTime = std::chrono::microseconds(100);

void relax() {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

template <class Ready>
bool spinBriefly(const Ready& ready) {
    for (int i = 0; i < 64; ++i) {
        if (ready()) return true;
        relax();
    }
    return false;
}

// Spins until ready() or kSpinTime passed; true if ready.
template <class Ready>
bool spinUntil(const Ready& ready) {
    if (spinBriefly(ready)) return true;  // mostly, and then the clock need not be read
    const auto end = std::chrono::steady_clock::now() + kSpinTime;
    do {
        if (spinBriefly(ready)) return true;
    } while (std::chrono::steady_clock::now() < end);
    return false;
}

}  // namespace

// Each thread has a range of the tasks, so that it walks through memory in one direction, and helps with the others'
// ranges when its own is done. All that a thread needs for its range lies in one cache line, which it spins on: a stage
// starts with one line that moves between two cores and ends with another (`done`).
// Invariant: a range's `ticket` names one run() in its upper half and the range's next task in its lower half. The caller
// closes the ticket, writes the job, then publishes the ticket with a new upper half. Whoever moves a ticket from (run, task)
// to (run, task + n) does those n tasks, and run() returns only when every task is done: so the job a claimed task belongs to
// is still there, and a worker that wakes late claims nothing and nobody waits for it (on a busy desktop it may not get a
// core for a while).
struct ThreadPool::Inner {
    static constexpr std::uint64_t kClosed = 0xffffffff;
    struct alignas(64) Range {
        std::atomic<std::uint64_t> ticket{0};
        std::atomic<std::uint32_t> end{0};  // of the current run; like the job read by late workers, hence atomic
        std::atomic<Call> call{nullptr};
        std::atomic<const void*> body{nullptr};

        std::uint32_t run() const { return static_cast<std::uint32_t>(ticket.load(std::memory_order_acquire) >> 32); }
    };
    std::vector<Range> ranges;                             // [threads]
    alignas(64) std::atomic<std::uint32_t> done{0};        // tasks of the current run
    alignas(64) std::atomic<std::uint32_t> announced{0};   // number of the current run, to sleep on
    std::atomic<bool> stop{false};
    std::atomic<std::uint32_t> sleepers{0};
    std::vector<Thread> workers;

    explicit Inner(std::size_t threads) : ranges(threads) {}

    // Claims and does tasks of run `number` until there are none left.
    void work(std::uint32_t number, std::size_t thread) {
        std::uint32_t count = 0;
        for (std::size_t i = 0; i < ranges.size(); ++i)
            count += workThrough(ranges[(thread + i) % ranges.size()], number, thread);
        if (count > 0) done.fetch_add(count, std::memory_order_release);
    }

    // How many tasks of the range it did.
    static std::uint32_t workThrough(Range& range, std::uint32_t number, std::size_t thread) {
        std::uint32_t count = 0;
        std::uint64_t seen = range.ticket.load(std::memory_order_acquire);
        while (static_cast<std::uint32_t>(seen >> 32) == number) {
            const auto task = static_cast<std::uint32_t>(seen);
            const Call job = range.call.load(std::memory_order_relaxed);
            const void* argument = range.body.load(std::memory_order_relaxed);
            // Acquire: whoever reads the end of a later run also finds its closed ticket, and the claim fails.
            const std::uint32_t end = range.end.load(std::memory_order_acquire);
            if (task >= end) break;
            // Half of what is left: a claim waits until all that was written before has reached the cache.
            const std::uint32_t claimed = (end - task + 1) / 2;
            if (!range.ticket.compare_exchange_weak(seen, seen + claimed, std::memory_order_acq_rel, std::memory_order_acquire))
                continue;
            for (std::uint32_t at = task; at < task + claimed; ++at) job(argument, at, thread);
            count += claimed;
            seen = range.ticket.load(std::memory_order_acquire);
        }
        return count;
    }

    // Offers the tasks of run `number`.
    void publish(std::uint32_t number, std::size_t tasks, Call newCall, const void* newBody) {
        done.store(0, std::memory_order_relaxed);
        // The caller's own range last: the others are waited for.
        for (std::size_t i = ranges.size(); i-- > 0;) {
            const auto first = static_cast<std::uint32_t>(tasks * i / ranges.size());
            const auto last = static_cast<std::uint32_t>(tasks * (i + 1) / ranges.size());
            Range& range = ranges[i];
            // Closed while the job changes, so that nobody claims an old task with the new job; still under the old number,
            // by whose change its owner sees that there is work.
            range.ticket.store(std::uint64_t{number - 1} << 32 | kClosed, std::memory_order_relaxed);
            range.end.store(last, std::memory_order_release);
            range.call.store(newCall, std::memory_order_relaxed);
            range.body.store(newBody, std::memory_order_relaxed);
            range.ticket.store(std::uint64_t{number} << 32 | first, std::memory_order_release);
        }
        announced.store(number, std::memory_order_seq_cst);
        if (sleepers.load(std::memory_order_seq_cst) > 0) announced.notify_all();
    }

    void workerLoop(std::size_t thread) {
        setFloatingPointMode();
        lowerThreadPriority();
        const Range& own = ranges[thread];
        std::uint32_t seen = 0;
        for (;;) {
            const auto called = [&] { return own.run() != seen || stop.load(std::memory_order_acquire); };
            while (!spinUntil(called)) {
                sleepers.fetch_add(1, std::memory_order_seq_cst);
                announced.wait(seen, std::memory_order_seq_cst);
                sleepers.fetch_sub(1, std::memory_order_seq_cst);
            }
            if (stop.load(std::memory_order_acquire)) return;
            seen = own.run();
            work(seen, thread);
        }
    }
};

ThreadPool::ThreadPool(std::size_t threads) : m_inner(std::make_unique<Inner>(std::max<std::size_t>(threads, 1))) {
    try {
        for (std::size_t i = 1; i < threads; ++i)
            m_inner->workers.emplace_back("compute-" + std::to_string(i), [inner = m_inner.get(), i] { inner->workerLoop(i); });
    } catch (const std::system_error&) {
        // The system gives no more threads: compute with those there are, results are the same.
        logWarning("only " + std::to_string(m_inner->workers.size() + 1) + " of " + std::to_string(threads) +
                   " compute threads could be started");
    }
}

ThreadPool::~ThreadPool() {
    m_inner->stop.store(true, std::memory_order_release);
    m_inner->announced.fetch_add(1, std::memory_order_seq_cst);
    m_inner->announced.notify_all();
    m_inner->workers.clear();
}

std::size_t ThreadPool::threads() const { return m_inner->workers.size() + 1; }

void ThreadPool::runErased(std::size_t tasks, Call call, const void* body) {
    if (m_inner->workers.empty() || tasks <= 1) {
        for (std::size_t task = 0; task < tasks; ++task) call(body, task, 0);
        return;
    }
    Inner& inner = *m_inner;
    const std::uint32_t number = inner.announced.load(std::memory_order_relaxed) + 1;
    inner.publish(number, tasks, call, body);
    inner.work(number, 0);
    // The last tasks may still run elsewhere. They are short: spin, but let others run when the machine is crowded.
    const auto finished = [&] { return inner.done.load(std::memory_order_acquire) == tasks; };
    while (!spinUntil(finished)) std::this_thread::yield();
}

}  // namespace larder::base
