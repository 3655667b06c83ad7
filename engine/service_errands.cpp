#include "engine/service_errands.h"

#include <utility>
#include <vector>

namespace larder {

Errands::Errands(const std::string& threadName) {
    m_thread = base::Thread(threadName, [this] {
        while (!m_mailbox.closed()) {
            for (std::function<void()>& errand : m_mailbox.wait()) {
                if (!m_mailbox.closed()) errand();
                errand = nullptr;
            }
        }
        m_mailbox.take();
    });
}

void Errands::post(std::function<void()> errand) {
    m_mailbox.post(std::move(errand));
}

void Errands::stop() {
    m_mailbox.close();
    m_thread.join();
}

}  // namespace larder
