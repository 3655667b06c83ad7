// Fork and join for compute: run(n, f) calls f(0) .. f(n-1) once each, spread over the workers and the caller, and
// returns when all are done. Workers spin for a moment between calls, then sleep.
// One caller at a time (the engine thread); f runs on several threads at once and must not throw or call run().
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>

namespace larder::base {

class ThreadPool {
public:
    // threads counts the caller: 0 and 1 mean no extra thread. Fewer than asked if the system gives no more.
    explicit ThreadPool(std::size_t threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    std::size_t threads() const;

    // Every thread gets a range of the tasks, takes it in rising order, then helps with the others'. Everything written
    // before run() is visible to f, and everything f wrote is visible after run(). f may take a second number: which of
    // the threads() threads it runs on, for scratch memory of its own.
    template <class F>
    void run(std::size_t tasks, const F& f) {
        runErased(
            tasks,
            [](const void* body, std::size_t task, std::size_t thread) {
                if constexpr (std::is_invocable_v<F, std::size_t, std::size_t>)
                    (*static_cast<const F*>(body))(task, thread);
                else
                    (*static_cast<const F*>(body))(task);
            },
            &f);
    }

private:
    using Call = void (*)(const void* body, std::size_t task, std::size_t thread);
    void runErased(std::size_t tasks, Call call, const void* body);

    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::base
