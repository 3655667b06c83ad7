// What can be seen of an engine: the status, put together from what the conductor shows and what lanes and hot tier publish,
// and who is told when it changes. Shared by the engine and those who watch it, so it may be asked after the engine is gone.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/snapshot.h"
#include "engine/generate/lane_status.h"
#include "engine/status.h"

namespace larder {

struct ModelScene {
    ModelStatus status;                // without what its lane adds
    std::shared_ptr<const base::Snapshot<generate::LaneStatus>> lane;  // null unless Loaded
};

struct EngineScene {
    std::vector<ModelScene> models;    // by name
    std::size_t modelWaitSequences = 0;
};

class EngineWatch {
public:
    // Any thread.
    EngineStatus status() const;
    std::size_t contextTokens(const std::string& model) const;  // the window offered; 0 unless loaded
    bool computes() const;             // something runs in a lane

    // Once, before anything changes that the observer wants to hear of.
    void observe(std::function<void()> observer);
    void changed() const;                  // any thread
    void queue(std::ptrdiff_t difference); // any thread: requests that came in, or went on to a lane
    void loading(double progress);         // any thread

    // Before the conductor runs, then its thread only.
    void describe(std::string isa, std::size_t threads);
    void watchHotTier(std::shared_ptr<const base::Snapshot<generate::HotStatus>> hot);
    void watchColdTier(std::function<ColdTierStatus()> cold);  // any thread calls it, as long as this lives
    void warn(const std::string& warning);
    void show(EngineScene scene);
    // The lane of this model ended: its counters stay in the model's from the next show() on, which REQUIRES to be without it.
    void retire(const std::string& model, const generate::LaneStatus& last);

private:
    struct Stage {
        EngineScene scene;
        EngineStatus past;                 // counters of lanes that ended (not yet summed); isa, threads, warning
        double pastFirstTokenMs = 0;       // about when the last first token among them came
        std::shared_ptr<const base::Snapshot<generate::HotStatus>> hot;
        std::function<ColdTierStatus()> cold;
    };
    void publish();

    Stage m_next;                          // conductor thread only
    base::Snapshot<Stage> m_stage;
    base::Snapshot<std::shared_ptr<const std::function<void()>>> m_observer;
    std::atomic<double> m_progress{0};
    std::atomic<std::ptrdiff_t> m_queued{0};
};

}  // namespace larder
