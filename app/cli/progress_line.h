// Shows how a download goes on standard error: one line rewritten in place on a terminal, a line every few seconds else.
// One thread at a time.
#pragma once

#include <chrono>
#include <string>

#include "engine/downloads.h"

namespace larder::app {

class ProgressLine {
public:
    explicit ProgressLine(bool onTerminal) : m_onTerminal(onTerminal) {}
    ~ProgressLine();  // clears the line
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const DownloadProgress& progress);  // as often as one likes
    void clear();                                 // for a message of another kind

private:
    using Clock = std::chrono::steady_clock;

    bool m_onTerminal;
    bool m_lineIsDirty = false;
    Clock::time_point m_next = Clock::now();  // nothing is written before
    bool m_first = true;
};

// "43 %  1.2 GB of 4.1 GB  35 MB/s  2 min left", or the remark instead of rate and time.
std::string progressText(const DownloadProgress& progress);

// "12 s", "3 min", "2 h 5 min", "4 days"
std::string readableDuration(double seconds);

}  // namespace larder::app
