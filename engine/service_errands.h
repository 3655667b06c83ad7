// A thread that runs one errand after the other: what may block (network, disk) and must not hold up the control thread.
#pragma once

#include <functional>
#include <string>

#include "engine/base/mailbox.h"
#include "engine/base/thread.h"

namespace larder {

class Errands {
public:
    explicit Errands(const std::string& threadName);
    ~Errands() { stop(); }

    void post(std::function<void()> errand);  // any thread; dropped after stop()
    void stop();  // the errand under way is finished, the others are dropped on their thread; joins

private:
    base::Mailbox<std::function<void()>> m_mailbox;
    base::Thread m_thread;  // last: uses the mailbox
};

}  // namespace larder
