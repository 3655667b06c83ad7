// A test double for the engine behind the API: models by name, and generations whose events the test writes, either at
// once inside submit() or later with send(). Any thread. Waits have no limit of their own: ctest's does.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/api/generator.h"

namespace larder::support {

class ScriptedGenerator final : public api::Generator {
public:
    using Script = std::function<std::vector<GenerationEvent>(const GenerationRequest&)>;

    explicit ScriptedGenerator(std::vector<ModelInfo> models) : m_shared(std::make_shared<Shared>()) {
        m_shared->models = std::move(models);
    }

    // What submit() sends before it returns; nothing by default.
    void answerWith(Script script) {
        std::lock_guard lock(m_shared->mutex);
        m_shared->script = std::move(script);
    }
    void refuseWith(Error error) {
        std::lock_guard lock(m_shared->mutex);
        m_shared->refusal = std::make_shared<Error>(std::move(error));
    }
    void setStatus(EngineStatus status) {
        std::lock_guard lock(m_shared->mutex);
        m_shared->status = std::move(status);
    }
    void setCache(std::shared_ptr<CacheControl> cache) {
        std::lock_guard lock(m_shared->mutex);
        m_shared->cache = std::move(cache);
    }
    // Models that refreshModels() finds from now on.
    void install(ModelInfo model) {
        std::lock_guard lock(m_shared->mutex);
        m_shared->installed.push_back(std::move(model));
    }
    void setContextTokens(std::size_t tokens) {
        std::lock_guard lock(m_shared->mutex);
        m_shared->contextTokens = tokens;
    }

    // An event of the index-th generation; dropped when its handle died.
    void send(std::size_t index, GenerationEvent event) {
        std::lock_guard lock(m_shared->mutex);
        auto& generation = m_shared->generations.at(index);
        if (generation.alive) generation.sink(std::move(event));
    }
    void waitForSubmits(std::size_t count) {
        std::unique_lock lock(m_shared->mutex);
        m_shared->changed.wait(lock, [&] { return m_shared->generations.size() >= count; });
    }
    void waitUntilNoneLives() {
        std::unique_lock lock(m_shared->mutex);
        m_shared->changed.wait(lock, [&] { return livingNow() == 0; });
    }
    std::size_t living() const {
        std::lock_guard lock(m_shared->mutex);
        return livingNow();
    }
    std::vector<GenerationRequest> requests() const {
        std::lock_guard lock(m_shared->mutex);
        std::vector<GenerationRequest> requests;
        for (const auto& generation : m_shared->generations) requests.push_back(generation.request);
        return requests;
    }

    Expected<Generation> submit(GenerationRequest request, GenerationSink sink) override {
        std::vector<GenerationEvent> events;
        std::size_t index = 0;
        {
            std::lock_guard lock(m_shared->mutex);
            if (m_shared->refusal) return *m_shared->refusal;
            if (m_shared->script) events = m_shared->script(request);
            index = m_shared->generations.size();
            m_shared->generations.push_back({std::move(request), sink, true});
            m_shared->changed.notify_all();
        }
        for (GenerationEvent& event : events) sink(std::move(event));
        return Generation([shared = m_shared, index] {
            std::lock_guard lock(shared->mutex);
            shared->generations[index].alive = false;
            shared->changed.notify_all();
        });
    }
    std::vector<ModelInfo> models() const override {
        std::lock_guard lock(m_shared->mutex);
        return m_shared->models;
    }
    void refreshModels() override {
        std::lock_guard lock(m_shared->mutex);
        for (ModelInfo& model : m_shared->installed) m_shared->models.push_back(std::move(model));
        m_shared->installed.clear();
    }
    Expected<ModelInfo> findModel(const std::string& name) const override {
        std::lock_guard lock(m_shared->mutex);
        for (const ModelInfo& model : m_shared->models)
            if (name.empty() || model.name == name) return model;
        return Error{ErrorCode::NotFound, "no such model"};
    }
    std::size_t contextTokens(const ModelInfo& model) const override {
        std::lock_guard lock(m_shared->mutex);
        return m_shared->contextTokens > 0 ? m_shared->contextTokens : model.contextTokens;
    }
    EngineStatus status() const override {
        std::lock_guard lock(m_shared->mutex);
        return m_shared->status;
    }

    std::shared_ptr<CacheControl> cache() const override {
        std::lock_guard lock(m_shared->mutex);
        return m_shared->cache;
    }

private:
    struct Scripted {
        GenerationRequest request;
        GenerationSink sink;
        bool alive = false;
    };
    struct Shared {
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<ModelInfo> models;
        std::vector<ModelInfo> installed;
        std::vector<Scripted> generations;
        std::shared_ptr<Error> refusal;
        EngineStatus status;
        std::shared_ptr<CacheControl> cache;
        Script script;
        std::size_t contextTokens = 0;
    };

    std::size_t livingNow() const {
        std::size_t count = 0;
        for (const auto& generation : m_shared->generations) count += generation.alive ? 1 : 0;
        return count;
    }

    std::shared_ptr<Shared> m_shared;
};

}  // namespace larder::support
