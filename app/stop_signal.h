// SIGINT, SIGTERM and SIGHUP as something to wait for. One object at a time, main thread; the signals may hit any thread.
#pragma once

namespace larder::app {

class StopSignal {
public:
    // Until collect(), a signal ends the process at once with this code: what is being started has nothing to save yet.
    explicit StopSignal(int exitCodeBefore);
    ~StopSignal();  // the system's own actions again
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    // From now on signals are collected. A second one before take() ends the process with 130: whoever asks twice does
    // not want to wait.
    void collect();

    void wait();          // blocks until one has arrived; does not take it
    bool take();          // whether one has arrived since the last take
    bool leave() const;   // whether one of them was not SIGINT: not only the answer, the program is to end
    int fd() const;       // readable while one has arrived and was not taken

private:
    int m_pipe[2] = {-1, -1};
};

}  // namespace larder::app
