// One loaded model with everything that serves it: weights, KV blocks and the engine thread. Made by the conductor
// thread of the Engine; the public verbs it forwards to are Worker's. Destruction stops the engine thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "engine/base/thread_pool.h"
#include "engine/error.h"
#include "engine/generate/worker.h"
#include "engine/kernels/kernels.h"
#include "engine/model/model.h"
#include "engine/models.h"
#include "engine/settings.h"

namespace larder {

class ModelHost {
public:
    // Loads the weights, sizes the KV cache (design §5.6) and starts the worker. Blocks for the load. stepped: see
    // WorkerSettings::changed.
    static Expected<std::shared_ptr<ModelHost>> load(const ModelInfo& info, const Settings& settings,
                                                     const kernels::Kernels& kernels, base::ThreadPool& pool,
                                                     std::function<bool(double)> progress, std::function<void()> stepped);

    const ModelInfo& info() const { return m_info; }
    std::size_t contextTokens() const { return m_contextTokens; }  // the window offered
    int vocabulary() const { return m_vocabulary; }
    std::size_t kvBytes() const { return m_kvBytes; }
    static constexpr generate::LaneId kLane{1};
    std::shared_ptr<const base::Snapshot<generate::LaneStatus>> watch() const { return m_status; }
    generate::Worker& worker() { return *m_worker; }
    const generate::Worker& worker() const { return *m_worker; }

private:
    ModelHost() = default;
    ModelInfo m_info;
    std::size_t m_contextTokens = 0;
    int m_vocabulary = 0;
    std::size_t m_kvBytes = 0;
    std::unique_ptr<generate::Worker> m_worker;
    std::shared_ptr<const base::Snapshot<generate::LaneStatus>> m_status;
};

// The window a model gets before it is loaded: the setting, else the trained one.
std::size_t requestedContext(const ModelInfo& info, const Settings& settings);

}  // namespace larder
