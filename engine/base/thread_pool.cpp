#include "engine/base/thread_pool.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

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

// Spins until ready() or kSpinTime passed; true if ready.
template <class Ready>
bool spinUntil(const Ready& ready) {
    const auto end = std::chrono::steady_clock::now() + kSpinTime;
    do {
        for (int i = 0; i < 64; ++i) {
            if (ready()) return true;
            relax();
        }
    } while (std::chrono::steady_clock::now() < end);
    return false;
}

}  // namespace

// Invariant: a generation number names one run(). The caller writes the job, then publishes generation + 1; a worker
// that sees the new number works until the task counter is used up, then adds itself to `finished`. The caller returns
// only when every worker has finished that generation, so the job may be overwritten by the next.
struct ThreadPool::Inner {
    alignas(64) std::atomic<std::uint32_t> generation{0};
    alignas(64) std::atomic<std::size_t> nextTask{0};
    alignas(64) std::atomic<std::uint32_t> finished{0};
    alignas(64) std::size_t tasks = 0;
    Call call = nullptr;
    const void* body = nullptr;
    std::atomic<bool> stop{false};
    std::atomic<std::uint32_t> sleepers{0};
    std::vector<Thread> workers;

    void work() {
        for (std::size_t task; (task = nextTask.fetch_add(1, std::memory_order_relaxed)) < tasks;) call(body, task);
    }

    void workerLoop() {
        setFloatingPointMode();
        lowerThreadPriority();
        std::uint32_t seen = 0;
        for (;;) {
            const auto changed = [&] { return generation.load(std::memory_order_acquire) != seen; };
            while (!spinUntil(changed)) {
                sleepers.fetch_add(1, std::memory_order_seq_cst);
                generation.wait(seen, std::memory_order_seq_cst);
                sleepers.fetch_sub(1, std::memory_order_seq_cst);
            }
            ++seen;
            if (stop.load(std::memory_order_acquire)) return;
            work();
            finished.fetch_add(1, std::memory_order_release);
        }
    }
};

ThreadPool::ThreadPool(std::size_t threads) : m_inner(std::make_unique<Inner>()) {
    for (std::size_t i = 1; i < threads; ++i)
        m_inner->workers.emplace_back("compute-" + std::to_string(i), [inner = m_inner.get()] { inner->workerLoop(); });
}

ThreadPool::~ThreadPool() {
    m_inner->stop.store(true, std::memory_order_release);
    m_inner->generation.fetch_add(1, std::memory_order_seq_cst);
    m_inner->generation.notify_all();
    m_inner->workers.clear();
}

std::size_t ThreadPool::threads() const { return m_inner->workers.size() + 1; }

void ThreadPool::runErased(std::size_t tasks, Call call, const void* body) {
    if (m_inner->workers.empty() || tasks <= 1) {
        for (std::size_t task = 0; task < tasks; ++task) call(body, task);
        return;
    }
    m_inner->tasks = tasks;
    m_inner->call = call;
    m_inner->body = body;
    m_inner->nextTask.store(0, std::memory_order_relaxed);
    m_inner->finished.store(0, std::memory_order_relaxed);
    m_inner->generation.fetch_add(1, std::memory_order_seq_cst);
    if (m_inner->sleepers.load(std::memory_order_seq_cst) > 0) m_inner->generation.notify_all();
    m_inner->work();
    // The last task may still run elsewhere. It is short: spin, but let others run when the machine is crowded.
    const auto workers = static_cast<std::uint32_t>(m_inner->workers.size());
    const auto done = [&] { return m_inner->finished.load(std::memory_order_acquire) == workers; };
    while (!spinUntil(done)) std::this_thread::yield();
}

}  // namespace larder::base
