#include "engine/model_loader.h"

#include <optional>
#include <utility>

#include "engine/base/disk.h"

namespace larder {

ModelLoader::ModelLoader(LoaderParts parts) : m_parts(std::move(parts)), m_contents(m_parts.baseDir) {
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
    const auto before = base::stampOf(job.model.path);
    if (before) options.knownContent = m_contents.recall(*before);
    std::optional<base::Hash128> content;
    options.contentHashed = [&content](const base::Hash128& hashed) { content = hashed; };
    m_parts.guard->begin(job.model.path);
    LoadedModel loaded = m_parts.read(job.model.path, options);
    m_parts.guard->end();
    // Not if it changed while it was read.
    if (loaded && before && content && base::stampOf(job.model.path) == before) m_contents.remember(*before, *content);
    return loaded;
}

}  // namespace larder
