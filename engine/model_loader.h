// The loader thread: maps and packs one model's weights after the other, below the priority of those who compute meanwhile,
// and guards each load (load_guard.h). load() and stop(): one thread, the conductor.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "engine/base/thread_pool.h"
#include "engine/content_memory.h"
#include "engine/error.h"
#include "engine/kernels/kernels.h"
#include "engine/load_guard.h"
#include "engine/model/model.h"
#include "engine/models.h"

namespace larder {

using LoadedModel = Expected<std::unique_ptr<model::Model>>;

struct LoaderParts {
    const kernels::Kernels* kernels = nullptr;
    base::ThreadPool* computePool = nullptr;  // what the models will compute with
    KvType kvType = KvType::F16;
    LoadGuard* guard = nullptr;
    std::filesystem::path baseDir = {};       // where contents of files are remembered; empty: nowhere
    // All on the loader thread.
    std::function<LoadedModel(const std::filesystem::path&, const model::LoadOptions&)> read;  // see EngineSurroundings::loadModel
    std::function<void(const std::string& model, double fraction)> progress;
    std::function<void(const std::string& model, LoadedModel loaded)> done;
};

class ModelLoader {
public:
    explicit ModelLoader(LoaderParts parts);
    ~ModelLoader() { stop(); }

    // threads: of the load, fewer while others compute.
    void load(ModelInfo model, std::size_t threads);

    // Gives up the load under way at the next tensor; its result is an Error. Joins.
    void stop();

private:
    struct Job {
        ModelInfo model;
        std::size_t threads = 1;
    };
    void run();
    LoadedModel read(const Job& job);

    const LoaderParts m_parts;
    ContentMemory m_contents;  // loader thread
    base::Mailbox<Job> m_jobs;
    std::atomic<bool> m_stop{false};
    base::Thread m_thread;  // last: it uses everything above
};

}  // namespace larder
