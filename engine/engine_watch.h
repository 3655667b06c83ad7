// What can be seen of an engine: the status, put together from what the conductor and the worker publish, and who is told
// when it changes. Shared by the engine and those who watch it, so it may be asked after the engine is gone.
// status(), changed(), queue(): any thread. The other verbs: see there.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "engine/base/snapshot.h"
#include "engine/generate/worker.h"
#include "engine/status.h"

namespace larder {

class EngineWatch {
public:
    EngineStatus status() const;

    // Once, before anything changes that the observer wants to hear of.
    void observe(std::function<void()> observer);
    void changed() const;
    void queue(std::ptrdiff_t difference);  // requests that came in, or went on to the worker

    // Conductor thread only. What the loaded model's worker publishes is added to what earlier workers counted.
    void describe(std::string isa, std::size_t threads);
    void warn(std::string warning);
    void enter(const std::string& model, ModelState state, const std::string& failure);
    void loading(double progress);
    void join(std::shared_ptr<const base::Snapshot<generate::LaneStatus>> worker, std::size_t contextTokens, std::size_t kvBytes);
    void pin(const std::string& model, bool pinned);
    void leave();  // REQUIRES that the worker has stopped

private:
    // status without what the worker adds; its counters are those of earlier workers.
    struct Scene {
        EngineStatus status;
        std::set<std::string> pinned;
        std::shared_ptr<const base::Snapshot<generate::LaneStatus>> worker;
    };

    base::Snapshot<Scene> m_scene;
    base::Snapshot<std::shared_ptr<const std::function<void()>>> m_observer;
    std::atomic<double> m_progress{0};
    std::atomic<std::ptrdiff_t> m_queued{0};
};

}  // namespace larder
