#include "engine/api/request_threads.h"

#include <system_error>
#include <utility>

#include "engine/base/log.h"

namespace larder::api {

RequestThreads::~RequestThreads() {
    for (auto& [id, running] : m_running) running.mailbox->post(ServerStopping{});
    m_running.clear();  // joins
}

void RequestThreads::reap() {
    for (const std::uint64_t id : m_finished.take()) m_running.erase(id);  // joins a thread that is about to end
}

bool RequestThreads::start(Slots& slots, Work work) {
    reap();
    if (slots.active.load() >= slots.limit) return false;
    const std::uint64_t id = m_nextId++;
    auto mailbox = std::make_shared<RequestMailbox>();
    auto body = [this, &slots, id, mailbox, mine = std::move(work)]() mutable {
        {
            const Work held = std::exchange(mine, nullptr);
            const auto events = std::exchange(mailbox, nullptr);
            held(events);
            events->close();  // late events have no reader any more
            (void)events->take();
        }
        slots.active.fetch_sub(1);
        m_finished.post(id);
    };
    slots.active.fetch_add(1);
    try {
        m_running[id] = {base::Thread("larder-request", std::move(body)), mailbox};
    } catch (const std::system_error& problem) {
        slots.active.fetch_sub(1);
        m_running.erase(id);
        base::logWarning(std::string("No thread for a request: ") + problem.what());
        return false;
    }
    return true;
}

}  // namespace larder::api
