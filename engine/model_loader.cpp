#include "engine/model_loader.h"

#include <utility>

namespace larder {

ModelLoader::ModelLoader(LoaderParts parts) : m_parts(std::move(parts)) {
    m_thread = base::Thread("loader", [this] { run(); });
}

void ModelLoader::load(ModelInfo model, std::size_t threads) { m_jobs.post({std::move(model), threads}); }

void ModelLoader::stop() {
    m_stop = true;
    m_jobs.close();
    m_thread.join();
}

void ModelLoader::run() {
    base::yieldToComputing();
    while (!m_jobs.closed())
        for (const Job& job : m_jobs.wait()) {
            LoadedModel loaded = read(job);
            m_parts.done(job.model.name, std::move(loaded));
        }
}

LoadedModel ModelLoader::read(const Job& job) {
    base::ThreadPool pool(job.threads);
    model::LoadOptions options;
    options.kvType = m_parts.kvType;
    options.kernels = m_parts.kernels;
    options.pool = m_parts.computePool;
    options.loadPool = &pool;
    options.progress = [this, &job](double fraction) {
        m_parts.progress(job.model.name, fraction);
        return !m_stop.load();
    };
    m_parts.guard->begin(job.model.path);
    LoadedModel loaded = model::loadModel(job.model.path, options);
    m_parts.guard->end();
    return loaded;
}

}  // namespace larder
